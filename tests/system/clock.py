# SPDX-License-Identifier: Apache-2.0
"""A wall clock that tests can set."""
import pathlib
import struct
import subprocess


class Clock:
    """The wall clock that patd and nginx see."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        library = folder / "clock_shift.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).parent / "clock_shift.c"], check=True)
        self.file = folder / "clock"
        self.set(0)
        self.env = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self.file)}

    def set(self, seconds):
        with open(self.file, "r+b" if self.file.exists() else "wb") as f:
            f.write(struct.pack("=q", seconds))
