"""A Slurm of one node on this machine, for a test: munge, controller and node run in a folder of the
test's, on ports of their own, and end with it. Needs the distribution's slurm-wlm and munge, and root."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIGURATION = """
ClusterName=austeer
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/munge.socket
CredType=cred/munge
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Slurm:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.daemons = []
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        (self.folder / "munge").chmod(0o755)  # all may enter: the socket is for every user
        self.configuration = self.folder / "slurm.conf"
        self.configuration.write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], folder=self.folder, cpus=os.cpu_count(),
            controller_port=free_port(), node_port=free_port()))

    @property
    def environment(self):
        return {"SLURM_CONF": str(self.configuration)}

    def start(self):
        self.start_munge()
        for daemon in ("slurmctld", "slurmd"):
            self.run_daemon(shutil.which(daemon) or f"/usr/sbin/{daemon}", "-D",
                            "-f", self.configuration)
        self.wait_for("idle")

    def start_munge(self):
        munge = self.folder / "munge"
        key = munge / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.run_daemon("/usr/sbin/munged", "--foreground", "--force", f"--key-file={key}",
                        f"--socket={munge}/munge.socket", f"--pid-file={munge}/munged.pid",
                        f"--seed-file={munge}/munged.seed", f"--log-file={munge}/munged.log")
        deadline = time.monotonic() + 30
        while not (munge / "munge.socket").exists():
            if time.monotonic() > deadline:
                raise RuntimeError("munged does not start")
            time.sleep(0.05)

    def run_daemon(self, *command):
        log = open(self.folder / "daemons.log", "ab")
        self.daemons.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                             env={**os.environ, **self.environment}))
        log.close()

    def wait_for(self, state):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            seen = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True,
                                  env={**os.environ, **self.environment})
            if seen.stdout.split() == [state]:
                return
            time.sleep(0.2)
        raise RuntimeError(f"the node is not {state}: {seen.stdout}{seen.stderr}\n"
                           + (self.folder / "daemons.log").read_text())

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
