# SPDX-License-Identifier: Apache-2.0
"""Programs that nobody here wrote, from npm: the packages of a folder's package.json, installed where they are listed."""
import fcntl
import shutil
import subprocess

import pytest


def packages(folder):
    """Its node_modules. Several pytest processes may want it at once."""
    if not shutil.which("npm"):
        pytest.skip(f"npm is not installed: the packages of {folder.name}/package.json cannot be fetched")
    listed = folder / "package-lock.json"
    installed = folder / "node_modules" / ".package-lock.json"
    with open(listed) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < listed.stat().st_mtime:
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
    return folder / "node_modules"
