"""Coins in satoshi and money in cents against decimals, lots against an exchange's worked example, and the limits."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationError
from core.models import treasury
from core.models.treasury import Policy, ledger, sold_sats, whole_cents, whole_sats, worth_cents
from core.units import SATS_PER_BTC

BTC = SATS_PER_BTC
RULES = ("sell_all", "hold_share", "cover_costs", "above_price")


def decimal_worth(sats, cents_per_btc):
    exact = Decimal(int(sats)) * Decimal(int(cents_per_btc)) / Decimal(BTC)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def decimal_ledger(mined, sold, price, method):
    """Lot by lot in Decimal, the way an accountant would: (basis, long basis, held basis) a month."""
    lots, out = [], []
    for month, (coins, sale, cents) in enumerate(zip(mined, sold, price, strict=True)):
        lots.append({"month": month, "left": int(coins), "gone": 0, "price": int(cents)})
        basis = long_basis = 0
        queue = sorted(lots, key=lambda lot: (-lot["price"], lot["month"])) if method == "hifo" else lots
        for lot in queue:
            taken = min(int(sale), lot["left"])
            cost = decimal_worth(lot["gone"] + taken, lot["price"]) - decimal_worth(lot["gone"], lot["price"])
            lot["left"], lot["gone"], sale = lot["left"] - taken, lot["gone"] + taken, sale - taken
            basis += cost
            long_basis += cost if month - lot["month"] > 12 else 0
        held = sum(
            decimal_worth(lot["left"] + lot["gone"], lot["price"]) - decimal_worth(lot["gone"], lot["price"])
            for lot in lots
        )
        out.append((basis, long_basis, held))
    return out


months = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 60_000 * BTC), min_size=n, max_size=n),
        st.lists(st.integers(0, treasury.MOST_CENTS_PER_BTC), min_size=n, max_size=n),
        st.lists(st.floats(0, 1e9), min_size=n, max_size=n),
    )
)


# Lots


def test_lots_as_in_published_comparisons_of_methods():
    """Accointing's guide: five coins at 10, 12, 9, 15 and 18 thousand, three sold at 20: gains of 29 and 15 thousand.

    Recap's US guide: lots at 2,000, 2,500 and 8,000 a coin, one sold at 4,000: a gain of 2,000 by FIFO, a loss of 4,000 by HIFO.
    """
    mined, sold = np.array([1, 1, 1, 1, 1, 0]) * BTC, np.array([0, 0, 0, 0, 0, 3]) * BTC
    price = np.array([10_000, 12_000, 9_000, 15_000, 18_000, 20_000]) * 100
    assert ledger(mined, sold, price, "fifo").gain_cents.tolist() == [0, 0, 0, 0, 0, 2_900_000]
    assert ledger(mined, sold, price, "hifo").gain_cents.tolist() == [0, 0, 0, 0, 0, 1_500_000]
    assert ledger(mined, sold, price, "hifo").held_basis_cents[-1] == 1_900_000
    mined, sold, price = (
        np.array([1, 2, 1, 0]) * BTC,
        np.array([0, 0, 0, 1]) * BTC,
        np.array([2000, 2500, 8000, 4000]) * 100,
    )
    assert ledger(mined, sold, price, "fifo").gain_cents[-1] == 200_000
    assert ledger(mined, sold, price, "hifo").gain_cents[-1] == -400_000


@given(months, st.sampled_from(["fifo", "hifo"]), st.sampled_from(RULES), st.floats(0, 1), st.floats(0, 0.2))
def test_books_equal_decimals_to_the_satoshi_and_the_cent(case, method, rule, hold, fee):
    mined, price, costs = (np.array(column) for column in case)
    policy = Policy(rule, hold, 1_000_000.0, fee)
    sold = sold_sats(policy, mined, price, costs)
    book = ledger(mined, sold, price, method, fee)
    expected = decimal_ledger(mined, sold, price, method)
    assert [tuple(map(int, row)) for row in zip(book.basis_cents, book.held_basis_cents, strict=True)] == [
        (basis, held) for basis, _, held in expected
    ]
    assert [int(c) for c in book.income_cents] == [decimal_worth(s, c) for s, c in zip(mined, price, strict=True)]
    assert [int(c) for c in book.proceeds_cents] == [decimal_worth(s, c) for s, c in zip(sold, price, strict=True)]
    assert (book.gain_cents == book.proceeds_cents - book.fee_cents - book.basis_cents).all()
    # every satoshi mined is sold or held, month by month, and none is left at the end
    assert (np.cumsum(mined) == np.cumsum(sold) + book.held_sats).all()
    assert (book.held_sats >= 0).all()
    assert book.held_sats[-1] == book.held_basis_cents[-1] == 0
    # all income becomes basis, and all basis is used: gains over the horizon are proceeds less fees less income
    assert sum(map(int, book.basis_cents)) == sum(map(int, book.income_cents))


@given(months)
def test_hifo_never_shows_more_gain_so_far_than_fifo_on_the_first_sale(case):
    mined, price, _ = (np.array(column) for column in case)
    sold = np.zeros_like(mined)
    sold[-1] = mined.sum() // 3
    gains = [ledger(mined, sold, price, method).gain_cents[-1] for method in ("hifo", "fifo")]
    assert gains[0] <= gains[1] + len(mined)  # half a cent a lot


def test_long_held_coins_are_those_of_more_than_a_year():
    mined, sold = np.zeros(15, int), np.zeros(15, int)
    mined[0], mined[2], sold[13] = BTC, BTC, 2 * BTC
    book = ledger(mined, sold, np.full(15, 100) + 10 * np.arange(15))
    assert book.gain_cents[13] == 2 * 230 - 100 - 120
    assert book.long_gain_cents[13] == 230 - 100
    assert ledger(mined, sold, np.full(15, 100)).long_gain_cents.sum() == 0


def test_paths_are_kept_apart():
    rng = np.random.default_rng(5)
    mined, price = rng.integers(0, BTC, (3, 4, 24)), rng.integers(1, 10**8, (3, 4, 24))
    sold = sold_sats(Policy("hold_share", 0.7), mined, price)
    whole = ledger(mined, sold, price, "hifo", 0.01)
    for at in np.ndindex(3, 4):
        one = ledger(mined[at], sold[at], price[at], "hifo", 0.01)
        for name in treasury.Ledger._fields:
            assert (getattr(whole, name)[at] == getattr(one, name)).all()


# Rules


def test_selling_all_sells_as_mined_at_no_gain_but_the_fee():
    mined, price = np.array([3 * BTC, BTC // 2, 7]), np.array([6_000_000, 7_000_000, 8_000_000])
    assert sold_sats(Policy("sell_all"), mined, price).tolist() == mined.tolist()
    book = ledger(mined, mined, price, fee_frac=0.0025)
    assert book.held_sats.tolist() == [0, 0, 0]
    assert book.gain_cents.tolist() == (-book.fee_cents).tolist()
    assert book.fee_cents.tolist() == [45_000, 8_750, 0]


def test_holding_everything_sells_once_at_the_end():
    mined, price = np.array([5, 6, 7]), np.array([1, 1, 1])
    assert sold_sats(Policy("hold_share", 1.0), mined, price).tolist() == [0, 0, 18]
    assert sold_sats(Policy("hold_share", 0.0), mined, price).tolist() == [5, 6, 7]


def test_covering_costs_sells_what_they_need_and_no_more():
    mined, price = np.full(4, BTC), np.array([5_000_000, 5_000_000, 2_500_000, 5_000_000])
    costs = np.array([10_000.0, 0.0, 60_000.0, 0.0])
    sold = sold_sats(Policy("cover_costs", fee_frac=0.01), mined, price, costs)
    book = ledger(mined, sold, price, fee_frac=0.01)
    net = (book.proceeds_cents - book.fee_cents) / 100
    assert costs[0] <= net[0] <= costs[0] + 0.02
    assert sold[1] == 0
    assert costs[2] <= net[2] <= costs[2] + 0.02  # from the coins of three months
    short = sold_sats(Policy("cover_costs"), mined, price, np.full(4, 1e9))
    assert short.tolist() == mined.tolist()
    free = sold_sats(Policy("cover_costs"), mined, np.zeros(4, int), np.full(4, 1.0))
    assert free.tolist() == mined.tolist()  # coins worth nothing cover nothing, however many go


def test_above_a_price_everything_held_goes():
    mined, price = np.array([1, 2, 4, 8, 16]), np.array([900, 1000, 900, 1100, 900])
    assert sold_sats(Policy("above_price", sell_above_usd=10.0), mined, price).tolist() == [0, 3, 0, 12, 16]
    assert sold_sats(Policy("above_price", sell_above_usd=0.0), mined, price).tolist() == mined.tolist()


# Units


def test_coins_are_rounded_so_that_their_sum_is_right():
    btc = np.full(300, 1 / 3e7)
    sats = whole_sats(btc)
    assert sats.sum() == 1000
    assert set(sats.tolist()) == {3, 4}
    assert whole_sats([0.0, 20_999_999.0]).sum() == 20_999_999 * BTC


def test_worth_stays_exact_where_a_product_would_not_fit_64_bits():
    sats, price = 20_999_999 * BTC + 99_999_999, treasury.MOST_CENTS_PER_BTC
    assert int(worth_cents(sats, price)) == decimal_worth(sats, price)
    assert worth_cents([0, 1, BTC], [5, 50_000_000, 7]).tolist() == [0, 1, 7]  # half a cent rounds up
    assert whole_cents(77_123.455).tolist() in (7_712_345, 7_712_346)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: whole_sats([-1.0]), "btc"),
        (lambda: whole_sats([2e7, 2e6]), "btc"),
        (lambda: whole_cents(1e12), "price_usd"),
        (lambda: whole_cents(float("nan")), "price_usd"),
        (lambda: ledger([1.5], [0], [1]), "mined_sats"),
        (lambda: ledger([-1], [0], [1]), "mined_sats"),
        (lambda: ledger([1], [2], [1]), "sold_sats"),
        (lambda: ledger([1], [1], [10**12]), "cents_per_btc"),
        (lambda: ledger([1], [1], [1], "lifo"), "method"),
        (lambda: ledger([1], [1], [1], "fifo", 1.5), "fee_frac"),
        (lambda: sold_sats(Policy("gamble"), [1], [1]), "rule"),
        (lambda: sold_sats(Policy("hold_share", 2.0), [1], [1]), "hold_frac"),
        (lambda: sold_sats(Policy("above_price", sell_above_usd=-1.0), [1], [1]), "sell_above_usd"),
    ],
)
def test_impossible_figures_are_refused_by_name(call, field):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.field == field


# Many paths


def test_both_engines_keep_the_same_books(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    mined = rng.integers(0, 3 * BTC, (40, 7, 60)) * (rng.random((40, 7, 60)) > 0.2)
    price = rng.integers(0, 20_000_000, mined.shape)
    sold = sold_sats(Policy("cover_costs", fee_frac=0.002), mined, price, rng.uniform(-5e4, 1e5, mined.shape))
    for method in ("fifo", "hifo"):
        treasury.compile_kernel()
        assert treasury.is_compiled()
        fast = ledger(mined, sold, price, method, 0.002)
        with monkeypatch.context() as without:
            without.setattr(treasury, "is_compiled", lambda: False)
            plain = ledger(mined, sold, price, method, 0.002)
        assert fast.long_gain_cents.any()
        for name, values in fast._asdict().items():
            assert (values == getattr(plain, name)).all(), name
