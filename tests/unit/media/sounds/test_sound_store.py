import random

import numpy as np
from numpy.typing import NDArray

from softswitch.media.sounds.sound_store import COPIED_PER_TICK_BYTES, Sound, SoundKey, SoundStore


def key(number: int) -> SoundKey:
    return SoundKey(f"/{number}.wav", 0)


def content(number: int, length: int) -> NDArray[np.uint8]:
    return np.full(length, number, np.uint8)


def stored(store: SoundStore, number: int, length: int, version: int = 1) -> Sound:
    assert store.add(key(number), content(number, length), version)
    assert store.copied() == [key(number)]
    sound = store.find(key(number))
    assert sound is not None
    return sound


def test_a_sound_is_found_when_it_is_copied() -> None:
    store = SoundStore(1000)
    assert store.find(key(1)) is None
    sound = stored(store, 1, 400)
    assert (sound.length, sound.version) == (400, 1)
    assert store.read(sound.start, 400) == bytes([1]) * 400
    assert store.runs[np.array([sound.start + 5])].tobytes() == bytes([1]) * 160


def test_a_long_sound_is_copied_over_several_ticks() -> None:
    length = 2 * COPIED_PER_TICK_BYTES + 1
    store = SoundStore(length)
    assert store.add(key(1), np.arange(length).astype(np.uint8), 1)
    assert [store.copied() for _ in range(4)] == [[], [], [key(1)], []]
    sound = store.find(key(1))
    assert sound is not None
    assert store.read(sound.start, length) == np.arange(length).astype(np.uint8).tobytes()


def test_the_sound_unused_for_longest_makes_room() -> None:
    store = SoundStore(1000)
    sounds = [stored(store, number, 300) for number in range(3)]
    for sound in (sounds[1], sounds[0], sounds[2]):
        store.hold(sound)
        store.release(sound)
    stored(store, 3, 300)
    assert [store.find(key(number)) is not None for number in range(4)] == [True, False, True, True]


def test_sounds_in_use_stay_even_if_there_is_no_room() -> None:
    store = SoundStore(1000)
    sound = stored(store, 1, 600)
    store.hold(sound)
    assert not store.add(key(2), content(2, 600), 1)
    store.release(sound)
    assert store.add(key(2), content(2, 600), 1)


def test_a_new_version_replaces_the_old_which_lasts_while_it_is_heard() -> None:
    store = SoundStore(1000)
    old = stored(store, 1, 400, version=1)
    store.hold(old)
    new = stored(store, 1, 500, version=2)
    assert store.find(key(1)) is new
    assert store.read(old.start, 400) == bytes([1]) * 400
    assert not store.add(key(2), content(2, 200), 1) or old.start != new.start
    store.release(old)
    assert store.add(key(3), content(3, 400), 1)


def test_no_two_sounds_share_memory_and_none_is_lost() -> None:
    chance = random.Random(4)
    store = SoundStore(10_000)
    held: list[Sound] = []
    for number in range(400):
        if store.add(key(number), content(number % 256, chance.randint(1, 2500)), 1):
            store.copied()
            sound = store.find(key(number))
            assert sound is not None
            store.hold(sound)
            held.append(sound)
        while held and (len(held) > 4 or chance.random() < 0.3):
            store.release(held.pop(chance.randrange(len(held))))
        for one in held:
            assert len(set(store.read(one.start, one.length))) == 1
    for one in held:
        store.release(one)
    assert store.add(key(999), content(9, 10_000), 1)
