"""A table with four axes: right at its nodes, linear between them, flat beyond, and the same compiled or not."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from core.models import lookup
from core.models.lookup import Axes, looked_up

NODES = (np.array([0.5, 0.8, 1.3]), np.array([-0.1, 0.0, 0.04, 0.2]), np.array([0.0, 0.5, 1.0]), np.array([0.6, 1.0]))
PATHS = 70


@pytest.fixture(scope="module")
def asked():
    lookup.compile_kernel()
    rng = np.random.default_rng(3)
    first, fourth = rng.uniform(0.3, 1.5, PATHS), rng.uniform(0.5, 1.1, PATHS)
    second, third = rng.uniform(-0.2, 0.3, (12, PATHS)), rng.uniform(-0.1, 1.1, (12, PATHS))
    return rng.normal(size=(3, 4, 3, 2, 12, 5)), (first, second, third, fourth)


@pytest.mark.parametrize("compiled", [True, False])
def test_between_nodes_it_is_scipys_multilinear(asked, compiled):
    table, values = asked
    told = looked_up(table, Axes(*NODES, False), *values, compiled=compiled)
    held = [np.broadcast_to(np.clip(v, n[0], n[-1]), (12, PATHS)) for n, v in zip(NODES, values, strict=True)]
    for month in range(12):
        theirs = RegularGridInterpolator(NODES, table[..., month, :])(np.stack([h[month] for h in held], axis=-1))
        np.testing.assert_allclose(told[:, month].T, theirs, atol=1e-13)


@pytest.mark.parametrize("compiled", [True, False])
def test_with_marks_an_entry_holds_from_mark_to_mark(asked, compiled):
    table, (first, second, third, fourth) = asked
    marks = np.array([-0.05, 0.0, 0.1])
    second[0, :3] = -0.05, 0.0, 0.1  # on a mark it is still the stretch below
    told = looked_up(table, Axes(NODES[0], marks, *NODES[2:], True), first, second, third, fourth, compiled=compiled)
    at = np.searchsorted(marks, second)
    for path in (0, 1, 2, 33, 69):
        for month in (0, 11):
            sliced = table[:, at[month, path], :, :, month]
            where = [
                np.clip(v, n[0], n[-1])
                for v, n in zip(
                    (first[path], third[month, path], fourth[path]), (NODES[0], NODES[2], NODES[3]), strict=True
                )
            ]
            theirs = RegularGridInterpolator((NODES[0], NODES[2], NODES[3]), sliced)(where)[0]
            np.testing.assert_allclose(told[:, month, path], theirs, atol=1e-13)


@pytest.mark.parametrize("compiled", [True, False])
def test_an_axis_of_one_node_asks_nothing(asked, compiled):
    table, (first, second, third, fourth) = asked
    lone = np.ascontiguousarray(table[:1, :, :, :1])
    axes = Axes(np.ones(1), NODES[1], NODES[2], np.ones(1), False)
    told = looked_up(lone, axes, first, second, third, fourth, compiled=compiled)
    np.testing.assert_array_equal(
        told, looked_up(lone, axes, first + 9.0, second, third, fourth * 0.0, compiled=compiled)
    )


def test_a_path_is_the_same_among_others_and_alone(asked):
    table, values = asked
    whole = looked_up(table, Axes(*NODES, False), *values)
    alone = looked_up(table, Axes(*NODES, False), *(v[..., 65:66] for v in values))
    np.testing.assert_array_equal(whole[..., 65:66], alone)
