import numpy as np

from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.half_band import WIDE_SAMPLES
from softswitch.media.coding.high_band import HighBand
from softswitch.media.frames import Frames


def test_a_source_has_nothing_of_the_one_whose_row_it_has() -> None:
    tables = CodecTables(load_codecs())
    frames = Frames(4, tables)
    frames.content[:] = tables.silence[0]
    used, unused = HighBand(), HighBand()
    frames.wide[1] = np.random.default_rng(1).integers(-9000, 9000, WIDE_SAMPLES)
    heard = {0: [(1, 1.0), (2, 1.0)]}
    used.sums(heard, frames, tables)
    frames.wide[1] = 0
    assert used.sums(heard, frames, tables)[0].any()
    frames.wide[1] = 500
    used.sums(heard, frames, tables)
    used.forget(1)
    frames.wide[1] = 7
    assert np.array_equal(used.sums(heard, frames, tables)[0], unused.sums(heard, frames, tables)[0])
