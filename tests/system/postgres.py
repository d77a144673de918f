# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of the tests' own: a cluster in a folder, by unix socket only. It ends when it is told to, or with the tests.

    with Postgres() as pg:
        pg.url          # postgresql://…, of an empty database
        pg.crash()      # as a power cut: no checkpoint, no good-bye
        pg.start()

    Postgres(log_mib=128)    # its log is on a file system that small (as root only)
        pg.fill_log()       # and full
        pg.empty_log()
"""
import atexit
import ctypes
import functools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
PR_SET_PDEATHSIG = 1


def become_postgres():
    """In the child: the server refuses root. It ends with the tests, however they end."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def run(program, *words, cwd):
    done = subprocess.run([PROGRAMS / program, *words], capture_output=True, text=True, preexec_fn=become_postgres, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def owned_folder(**where):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="patd-postgres-", **where))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    return folder


def make(data, *where):
    run("initdb", "-D", data, "-A", "trust", "-U", "boss", "-E", "UTF8", "--locale=C", "--no-sync", *where, cwd=data.parent)


@functools.cache
def template():
    """A cluster that never ran, made once for all that begin as its copies: initdb is seconds, a copy tenths."""
    folder = owned_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make(folder / "data")
    return folder / "data"


class Postgres:
    def __init__(self, data_from=None, under="/dev/shm", log_mib=None):
        self.folder = owned_folder(dir=under)
        self.data = self.folder / "data"
        self.process = None
        self.options, self.log = [], None
        if log_mib:
            self.log = self.folder / "log-files"
            self.log.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={log_mib}m,mode=777", "tmpfs", self.log], check=True)
            make(self.data, "--waldir", self.log / "wal", "--wal-segsize=1")
            self.options += ["-c", "min_wal_size=2MB", "-c", "max_wal_size=8MB", "-c", "wal_keep_size=64MB"]
        elif data_from is None:
            subprocess.run(["cp", "-a", template(), self.data], check=True)
        else:
            self.run("pg_basebackup", "-h", data_from.folder, "-U", "boss", "-D", self.data, "-R", "-c", "fast")

    def run(self, program, *words):
        return run(program, *words, cwd=self.folder)

    @property
    def url(self):
        return f"postgresql://patd@/patd?host={self.folder}"

    def sql(self, text, database="patd"):
        return self.run("psql", "-h", self.folder, "-U", "boss", "-d", database, "-Atqc", text).strip()

    def start(self, port=None):
        """By unix socket; with `port` on localhost as well."""
        tcp = ["-c", "listen_addresses=localhost", "-c", f"port={port}"] if port else ["-c", "listen_addresses="]
        self.process = subprocess.Popen([PROGRAMS / "postgres", "-D", self.data, "-k", self.folder, "-c", "shared_buffers=32MB", *tcp, *self.options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "log", "ab"),
                                        preexec_fn=become_postgres)
        for _ in range(2000):
            if self.is_ready():
                return self
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.01)
        raise AssertionError("PostgreSQL did not start")

    def is_ready(self):
        """As it notes itself for pg_ctl: in the eighth line of a file that begins with its number."""
        try:
            note = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return note[0] == str(self.process.pid) and len(note) > 7 and note[7].strip() == "ready"

    def fill_log(self):
        """What is written next has no room: the server gives up, as it does, and cannot recover before there is room again."""
        with open(self.log / "stone", "wb", buffering=0) as stone:
            try:
                while True:
                    stone.write(bytes(65536))
            except OSError:
                pass
        for _ in range(40):  # what is left of the files that it has
            end = subprocess.run([PROGRAMS / "psql", "-h", self.folder, "-U", "boss", "-d", "postgres", "-Atqc", "SELECT pg_switch_wal()"],
                                 capture_output=True, preexec_fn=become_postgres, timeout=30)
            if end.returncode != 0:
                return
        raise AssertionError("there was room")

    def empty_log(self):
        (self.log / "stone").unlink()
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            if subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.folder, "-U", "boss", "-d", "postgres"]).returncode == 0:
                return
            time.sleep(0.05)
        self.start()

    def crash(self):
        """SIGQUIT to all of it: what was acknowledged is in its log, and nothing else is."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=30)

    def processes(self):
        """Its own and its children's ids."""
        found = [self.process.pid]
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    found.append(int(stat.parent.name))
            except (OSError, ValueError):
                pass
        return found

    def freeze(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.data, "-w", "-s")

    def __enter__(self):
        self.start()
        if not (self.data / "standby.signal").exists():
            self.sql("CREATE ROLE patd LOGIN", database="postgres")  # an ordinary role
            self.sql("CREATE DATABASE patd OWNER patd", database="postgres")
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.crash()
        if self.log:
            subprocess.run(["umount", "-l", self.log], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)
