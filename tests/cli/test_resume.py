"""collect, killed and disturbed: the cache that a rerun completes has the bytes of an undisturbed
run; a second process is told; a full disk leaves the finished shards intact."""

import random
import time
import unittest

from support import AusteerTest, digests, file_size_limit

COLLECT = ("collect", "--task", "copa", "--pairs", 24, "--shard-pairs", 3, "--dtype", "float32")


class Resume(AusteerTest):
    def undisturbed(self):
        self.succeed(*COLLECT, "--out", "undisturbed")
        return digests(self.folder / "undisturbed")

    def shards(self, name):
        return len(list((self.folder / name).glob("shard-*.safetensors")))

    def wait_for_shards(self, process, name, count):
        while process.poll() is None and self.shards(name) < count:
            time.sleep(0.01)

    def test_killed_runs_end_with_the_same_bytes(self):
        expected = self.undisturbed()
        random.seed(7)
        killed = 0
        for shard in (0, 2, 5):
            process = self.start(*COLLECT, "--out", "cache")
            self.wait_for_shards(process, "cache", shard)
            time.sleep(random.uniform(0, 0.4))
            process.kill()
            killed += process.wait() == -9
            process.communicate()
        self.assertGreaterEqual(killed, 2)
        self.assertLess(self.shards("cache"), 8)
        self.succeed(*COLLECT, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), expected)

    def test_second_process_is_told(self):
        process = self.start(*COLLECT, "--out", "cache")
        self.wait_for_shards(process, "cache", 1)
        self.refuse(1, "in use by another process", *COLLECT, "--out", "cache")
        process.kill()
        process.communicate()

    def test_another_key_is_refused(self):
        self.succeed(*COLLECT, "--out", "cache")
        self.refuse(2, "", *COLLECT, "--max-tokens", 30, "--out", "cache")
        self.refuse(2, "", *COLLECT[:3], "--pairs", 25, "--out", "cache")

    def test_full_disk_leaves_finished_shards(self):
        expected = self.undisturbed()
        size = (self.folder / "undisturbed" / "shard-00000.safetensors").stat().st_size
        small = ("collect", "--task", "copa", "--pairs", 24, "--shard-pairs", 3, "--dtype",
                 "float32", "--out", "cache")
        process = self.start(*small)
        self.wait_for_shards(process, "cache", 2)
        process.kill()
        process.communicate()
        self.refuse(1, "File too large", *small, preexec_fn=file_size_limit(size // 2))
        self.assertGreaterEqual(self.shards("cache"), 2)
        self.succeed(*small)
        self.assertEqual(digests(self.folder / "cache"), expected)


if __name__ == "__main__":
    unittest.main()
