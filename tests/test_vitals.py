"""What a process uses of its machine, held against what the system says another way."""

from __future__ import annotations

import platform
import resource
import shutil
import threading
from pathlib import Path

import pytest

from core.vitals import free_bytes, give_back, peak_bytes, vitals

MB = 1024 * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system tells these figures another way")
def test_figures_are_those_of_the_system(tmp_path: Path) -> None:
    now, pages = vitals(), int(Path("/proc/self/statm").read_text().split()[1])
    assert now.memory_bytes == pytest.approx(pages * resource.getpagesize(), abs=20 * MB)
    assert 0 < (now.memory_frac or 0) < 1
    assert (peak_bytes() or 0) >= (now.memory_bytes or 0)
    with (tmp_path / "one").open("w"), (tmp_path / "two").open("w"):
        assert vitals().descriptors == (now.descriptors or 0) + 2
    leave = threading.Event()
    threads = [threading.Thread(target=leave.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert vitals().threads >= now.threads + 4
    leave.set()
    for thread in threads:
        thread.join()


def test_what_is_free_is_that_of_the_folder_though_it_is_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there") == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed")
def test_memory_that_was_freed_goes_back() -> None:
    many = [bytearray(1000) for _ in range(200_000)]
    few = many[::50]
    full = vitals().memory_bytes or 0
    del many
    give_back()
    left = vitals().memory_bytes or 0
    print(f"{full / MB:.0f} MB, {left / MB:.0f} MB once given back")
    assert few
    assert left < full - 50 * MB
