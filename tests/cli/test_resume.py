"""collect, killed and disturbed: the cache that a rerun completes has the bytes of an undisturbed
run, also of a part that is added to it; a second process is told; a full disk leaves the finished
shards intact."""

import fcntl
import json
import os
import shutil
import signal
import time
import unittest

from support import AusteerTest, digests, file_size_limit

SHARDS, SHARD_PAIRS, FEW_PAIRS = 8, 2, 4
SETTINGS = ("--task", "copa", "--shard-pairs", SHARD_PAIRS, "--dtype", "float32", "--threads", 1,
            "--batch-tokens", 200)
COLLECT = ("collect", *SETTINGS, "--pairs", SHARDS * SHARD_PAIRS)
# Where no run is stopped half-way.
FEW = ("collect", *SETTINGS, "--pairs", FEW_PAIRS)


class Resume(AusteerTest):
    whole = None  # digests of an undisturbed run, and the size of its first shard

    def undisturbed(self):
        if Resume.whole is None:
            self.succeed(*COLLECT, "--out", "undisturbed")
            shard = self.folder / "undisturbed" / "shard-00000.safetensors"
            Resume.whole = digests(self.folder / "undisturbed"), shard.stat().st_size
        return Resume.whole

    def shards(self, name):
        return len(list((self.folder / name).glob("shard-*.safetensors")))

    def parts(self):
        return sorted(path.name for path in (self.folder / "cache").glob("added-*"))

    def kill_after(self, count, *more, part="cache"):
        """Kills a collect once it has finished `count` shards of `part`: it runs in short slices, so
        that it stands still whenever we look."""
        process = self.start(*COLLECT, *more, "--out", "cache")
        while process.poll() is None and self.shards(part) < count:
            time.sleep(0.02)
            os.kill(process.pid, signal.SIGSTOP)
            if self.shards(part) < count:
                os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL, "it had ended before the kill")

    def test_killed_runs_end_with_the_same_bytes(self):
        expected, _ = self.undisturbed()
        for shards in (0, 2, 5):
            self.kill_after(shards)
            self.assertLess(self.shards("cache"), SHARDS)
        self.succeed(*COLLECT, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), expected)

    def test_second_process_is_told(self):
        (self.folder / "cache").mkdir()
        with (self.folder / "cache" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refuse(1, "in use by another process", *FEW, "--out", "cache")
        self.succeed(*FEW, "--out", "cache")

    def test_another_key_is_refused(self):
        self.succeed(*FEW, "--out", "cache")
        self.refuse(2, "max_tokens", *FEW, "--max-tokens", 30, "--out", "cache")
        self.refuse(2, "max_tokens", *FEW, "--max-tokens", 30, "--sites", "ffn_gate", "--out",
                    "cache")
        self.assertEqual(self.parts(), [])

    def test_only_missing_sites_are_collected(self):
        self.succeed(*FEW, "--sites", "attention,ffn", "--out", "cache")
        root = digests(self.folder / "cache")
        added = ("--sites", "ffn,layer@answer_mean,layer@answer_all,ffn_gate", "--layers", "10,18")
        report = json.loads(self.succeed(*FEW, *added, "--out", "cache", "--json"))
        self.assertEqual((report["pairs"], report["resumed_pairs"], report["texts"]),
                         (FEW_PAIRS, 0, 2 * FEW_PAIRS))
        self.assertEqual(self.parts(), ["added-01"])
        manifest = json.loads((self.folder / "cache/added-01/manifest.json").read_text())
        self.assertEqual([(site["name"], site["positions"], site["only"])
                          for site in manifest["sites"]],
                         [("layer", "answer_mean", []), ("layer", "answer_all", [10, 18]),
                          ("ffn_gate", "last", [])])
        # The answers are one letter after the prompt's line break.
        self.assertEqual(set(manifest["answer_tokens"]["positive"]), {1})
        whole = digests(self.folder / "cache")
        self.assertLessEqual(root.items(), whole.items())

        for sites in (added, ("--sites", "layer@answer_all", "--layers", "18"),
                      ("--sites", "ffn_gate,attention")):
            report = json.loads(self.succeed(*FEW, *sites, "--out", "cache", "--json"))
            self.assertEqual((report["resumed_pairs"], report["texts"]), (FEW_PAIRS, 0))
        self.assertEqual(digests(self.folder / "cache"), whole)
        self.refuse(2, "holds the site 'layer@answer_all' for other layers", *FEW, "--sites",
                    "layer@answer_all", "--layers", "11", "--out", "cache")
        self.succeed(*FEW, "--sites", "layer", "--out", "cache")
        self.assertEqual(self.parts(), ["added-01", "added-02"])

    def test_killed_additions_end_with_the_same_bytes(self):
        added = ("--sites", "ffn,layer@answer_mean,layer@answer_all")
        self.succeed(*COLLECT, "--sites", "ffn", "--out", "undisturbed")
        shutil.copytree(self.folder / "undisturbed", self.folder / "cache")
        self.succeed(*COLLECT, *added, "--out", "undisturbed")
        for shards in (1, 4):
            self.kill_after(shards, *added, part="cache/added-01")
            self.assertLess(self.shards("cache/added-01"), SHARDS)
            # What was finished before serves as ever; the part says how far it is.
            self.succeed("rank", "--cache", "cache", "--site", "ffn", "--out", "ranking")
        # The unfinished part is finished, whatever else is asked for.
        self.succeed(*COLLECT, "--sites", "ffn", "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), digests(self.folder / "undisturbed"))
        self.assertEqual(self.parts(), ["added-01"])
        self.succeed(*COLLECT, *added, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), digests(self.folder / "undisturbed"))

    def test_second_process_is_told_of_additions_too(self):
        self.succeed(*FEW, "--sites", "ffn", "--out", "cache")
        with (self.folder / "cache" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refuse(1, "in use by another process", *FEW, "--sites", "layer", "--out",
                        "cache")
        self.assertEqual(self.parts(), [])

    def test_layers_that_restrict_nothing_are_refused(self):
        self.refuse(2, "--sites names none", *COLLECT, "--layers", "3", "--out", "cache")
        self.refuse(2, "layers from 0 to 29", *COLLECT, "--layers", "30", "--sites",
                    "layer@answer_all", "--out", "cache")
        self.refuse(2, "did you mean 'answer_mean'", *COLLECT, "--sites", "layer@answer_meen",
                    "--out", "cache")
        self.assertFalse((self.folder / "cache").exists())

    def test_full_disk_leaves_finished_shards(self):
        expected, size = self.undisturbed()
        self.kill_after(3)  # of which the manifest lists at least two
        self.refuse(1, "shard-0000", *COLLECT, "--out", "cache",
                    preexec_fn=file_size_limit(size // 2))
        self.assertGreaterEqual(self.shards("cache"), 2)
        self.succeed(*COLLECT, "--out", "cache")
        self.assertEqual(digests(self.folder / "cache"), expected)


if __name__ == "__main__":
    unittest.main()
