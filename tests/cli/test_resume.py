"""collect, killed and disturbed: the cache that a rerun completes has the bytes of an undisturbed
run; a second process is told; a full disk leaves the finished shards intact."""

import fcntl
import os
import signal
import time
import unittest

from support import AusteerTest, digests, file_size_limit

SHARDS = 8
COLLECT = ("collect", "--task", "copa", "--pairs", 3 * SHARDS, "--shard-pairs", 3, "--dtype",
           "float32", "--threads", 1, "--batch-tokens", 200)


class Resume(AusteerTest):
    def undisturbed(self):
        self.succeed(*COLLECT, "--out", "undisturbed")
        return digests(self.folder / "undisturbed")

    def shards(self, name):
        return len(list((self.folder / name).glob("shard-*.safetensors")))

    def kill_after(self, count):
        """Kills a collect once it has finished `count` shards: it runs in short slices, so that it
        stands still whenever we look."""
        process = self.start(*COLLECT, "--out", "cache")
        while process.poll() is None and self.shards("cache") < count:
            time.sleep(0.02)
            os.kill(process.pid, signal.SIGSTOP)
            if self.shards("cache") < count:
                os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL, "it had ended before the kill")

    def test_killed_runs_end_with_the_same_bytes(self):
        expected = self.undisturbed()
        for shards in (0, 2, 5):
            self.kill_after(shards)
            self.assertLess(self.shards("cache"), SHARDS)
        self.succeed(*COLLECT, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), expected)

    def test_second_process_is_told(self):
        (self.folder / "cache").mkdir()
        with (self.folder / "cache" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refuse(1, "in use by another process", *COLLECT, "--out", "cache")
        self.succeed(*COLLECT, "--out", "cache")

    def test_another_key_is_refused(self):
        self.succeed(*COLLECT, "--out", "cache")
        self.refuse(2, "max_tokens", *COLLECT, "--max-tokens", 30, "--out", "cache")
        self.refuse(2, "sites", *COLLECT, "--sites", "ffn", "--out", "cache")

    def test_full_disk_leaves_finished_shards(self):
        expected = self.undisturbed()
        size = (self.folder / "undisturbed" / "shard-00000.safetensors").stat().st_size
        self.kill_after(3)  # of which the manifest lists at least two
        self.refuse(1, "shard-0000", *COLLECT, "--out", "cache",
                    preexec_fn=file_size_limit(size // 2))
        self.assertGreaterEqual(self.shards("cache"), 2)
        self.succeed(*COLLECT, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), expected)


if __name__ == "__main__":
    unittest.main()
