"""Module and inverter: against pvlib, the CEC library and PVWatts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import ScenarioError
from core.models import library, module, solar
from core.sections import Array
from tests.models.solar_cases import greensboro_sky


def test_the_usual_module_is_the_entry_of_the_cec_library() -> None:
    from pvlib.pvsystem import retrieve_sam

    entry = retrieve_sam("CECMod")[module.USUAL_NAME]
    for word in ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust", "T_NOCT"):
        assert getattr(module.USUAL, word) == entry[word]
    assert module.USUAL.efficiency_frac == pytest.approx(entry["STC"] / 1000 / entry["A_c"])
    assert Array().module == module.USUAL_NAME


def test_the_inverters_own_draw_is_the_median_of_the_cec_library_above_10_kw() -> None:
    from pvlib.pvsystem import retrieve_sam

    library = retrieve_sam("CECInverter").T[["Paco", "Pdco", "Pso"]].astype(float)
    large = library[library["Paco"] > 10_000]
    assert len(large) == 960
    assert (large["Pso"] / large["Pdco"]).median() == pytest.approx(module.SELF_CONSUMPTION, abs=1e-6)


@pytest.mark.parametrize("name", [module.USUAL_NAME, "First_Solar__Inc__FS_6435A", "SunPower_SPR_X22_360"])
def test_the_single_diode_gives_pvlibs_power(name: str) -> None:
    from pvlib.pvsystem import calcparams_cec, retrieve_sam
    from pvlib.singlediode import bishop88_mpp

    entry = retrieve_sam("CECMod")[name]
    draw = np.random.default_rng(1)
    poa, temp = np.append(draw.uniform(1, 1500, 400), 1000.0), np.append(draw.uniform(-30, 90, 400), 25.0)
    words = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")
    watts = bishop88_mpp(*calcparams_cec(poa, temp, *(entry[w] for w in words)))[2]
    assert module.max_power(module.module_named(name), poa, temp) == pytest.approx(watts / watts[-1], rel=1e-6)


def test_a_module_in_the_dark_gives_nothing_and_no_warning() -> None:
    assert module.max_power(module.USUAL, np.array([0.0, 1e-9]), np.array([-60.0, 90.0])) == pytest.approx(0, abs=1e-12)
    assert module.relative_efficiency(module.USUAL, np.zeros(1), np.array([20.0]))[0] >= 0


def test_the_table_of_the_single_diode_is_exact_to_a_twentieth_of_a_percent() -> None:
    draw = np.random.default_rng(2)
    poa, temp = draw.uniform(20, 1600, 5000), draw.uniform(-30, 95, 5000)
    exact = module.max_power(module.USUAL, poa, temp) / (poa / 1000)
    assert module.relative_efficiency(module.USUAL, poa, temp) == pytest.approx(exact, rel=5e-4)


def test_the_cover_glass_lets_through_what_pvlib_says() -> None:
    from pvlib.iam import physical

    angle = np.linspace(0, 90, 181)
    cosine = np.maximum(np.cos(np.radians(angle)), 0)
    assert module.transmitted(cosine) == pytest.approx(physical(angle, n_ar=1.3), abs=1e-6)
    assert module.beam_transmitted(cosine) == pytest.approx(physical(angle, n_ar=1.3), abs=1e-5)


def test_diffuse_light_passes_glass_much_as_pvlibs_integral_says() -> None:
    """The effective angle stands for an integral over the sky; pvlib's marion_diffuse does the integral."""
    from pvlib.iam import marion_diffuse

    for tilt in (10.0, 30.0, 60.0):
        theirs = marion_diffuse("physical", tilt, n_ar=1.3)
        sky, ground = module.diffuse_transmitted(np.cos(np.radians([tilt])))
        assert sky[0] == pytest.approx(theirs["sky"], abs=0.01)
        assert ground[0] == pytest.approx(theirs["ground"], abs=0.08)


def test_cells_run_as_hot_as_their_noct_says() -> None:
    """At 800 W/m², 20 °C and 1 m/s an unloaded module of 45 °C NOCT is at 45 °C; a loaded one, on a roof, in between."""
    light, air = np.array([800.0]), np.array([20.0])
    still = 9.5 / (5.7 + 3.8)
    rack = solar.cell_temperature(Array(gamma_pdc_per_c=-0.004), light, air, np.array([still]))[0]
    assert rack == pytest.approx(20 + 25.1 * (1 - 0.19656 / 0.9), abs=0.01)
    roof = solar.cell_temperature(Array(mounting="roof"), light, air, np.array([still]))[0]
    assert roof - rack == pytest.approx(4 * (1 - 0.19656 / 0.9), abs=0.01)


def test_the_linear_module_is_pvlibs_pvwatts_dc() -> None:
    from pvlib.pvsystem import pvwatts_dc

    array = Array(gamma_pdc_per_c=-0.0047, losses_frac=0.0)
    light, air, cooling = np.array([50.0, 400.0, 1100.0]), np.array([-5.0, 20.0, 41.0]), np.array([1.0, 0.8, 0.5])
    temp = solar.cell_temperature(array, light, air, cooling)
    theirs = pvwatts_dc(light, temp, 1.0, -0.0047)
    assert solar.dc_per_kw(array, light, air, cooling) == pytest.approx(theirs)


def test_the_inverter_is_sandias_without_voltage_terms() -> None:
    from pvlib.inverter import sandia

    array = Array(dc_kw=120.0, dc_ac_ratio=1.2, inverter_efficiency_frac=0.97)
    rating = {"Paco": 100e3, "Pdco": 100e3 / 0.97, "Vdco": 1.0, "Pso": module.SELF_CONSUMPTION * 100e3 / 0.97}
    dc = np.linspace(1, 120, 100)
    theirs = sandia(1.0, dc * 1000, {**rating, "C0": 0, "C1": 0, "C2": 0, "C3": 0, "Pnt": 0}) / 1000
    ac, clipped = solar.inverter_kw(array, dc)
    assert ac == pytest.approx(theirs, abs=1e-9)
    assert ac.max() == 100.0
    assert clipped[-1] == pytest.approx(0.97 * (120 - 0.4158 / 0.97) / (1 - 0.004158) - 100, abs=0.01)


def test_an_unknown_module_is_named_with_its_field() -> None:
    with pytest.raises(ScenarioError) as caught:
        solar.ac_kw(Array(module="Sunshine 3000"), greensboro_sky())
    assert caught.value.details["field"] == "array.module"
    assert caught.value.details["value"] == "Sunshine 3000"
    assert solar.ac_kw(Array(module="Sunshine 3000", gamma_pdc_per_c=-0.0035), greensboro_sky()).sum() > 0


def test_the_default_losses_of_pvwatts_make_14_percent() -> None:
    """Case V36: 2, 3, 2, 2, 0.5, 1.5, 1, 0 and 3 % one after another."""
    parts = [0.02, 0.03, 0.02, 0.02, 0.005, 0.015, 0.01, 0.0, 0.03]
    assert solar.combined_losses_frac(parts) == pytest.approx(0.140757, abs=1e-6)
    assert Array().losses_frac == pytest.approx(solar.combined_losses_frac(parts), abs=1e-6)
    assert solar.combined_losses_frac([]) == 0.0


def test_the_usual_modules_facts_are_those_of_the_library() -> None:
    entry = library.entry(library.USUAL_NAME)
    assert library.USUAL.technology == entry["Technology"]
    assert library.USUAL.power_w == entry["STC"]
    assert library.USUAL.efficiency_frac == pytest.approx(entry["STC"] / 1000 / entry["A_c"], rel=1e-12)
    assert library.USUAL.gamma_pdc_per_c == pytest.approx(entry["gamma_r"] / 100, rel=1e-12)
    assert library.listed(library.USUAL_NAME) is library.USUAL


def test_the_library_is_the_list_of_the_day_it_says() -> None:
    import pvlib

    data = Path(pvlib.__file__).parent / "data"
    assert [path.name for path in data.glob("sam-library-cec-modules-*")] == [
        f"sam-library-cec-modules-{library.DATED}.csv"
    ]
    assert len(library.library().columns) == 21_535


def test_what_the_library_says_of_a_module_is_what_its_data_sheet_says() -> None:
    """SunPower's sheet of the SPR-X22-360: monocrystalline, 360 W, 22.1 %."""
    module_of = library.listed("SunPower_SPR_X22_360")
    assert module_of.technology == "Mono-c-Si"
    assert module_of.power_w == pytest.approx(360, rel=0.005)
    assert module_of.efficiency_frac == pytest.approx(0.221, abs=0.003)


@pytest.mark.parametrize("name", [module.USUAL_NAME, "First_Solar__Inc__FS_6435A", "SunPower_SPR_X22_360"])
def test_the_temperature_coefficient_told_is_the_slope_of_the_modules_own_curves(name: str) -> None:
    power = module.max_power(module.module_named(name), np.full(2, 1000.0), np.array([24.0, 26.0]))
    assert library.listed(name).gamma_pdc_per_c == pytest.approx((power[1] - power[0]) / 2, rel=0.02)


def test_a_search_takes_words_in_any_order_and_never_gives_more_than_fifty() -> None:
    assert library.search("CS1H-320")[0] == [library.USUAL_NAME]
    hits, number = library.search("400 jinko")
    assert hits == library.search("Jinko  400")[0]
    assert number == len(hits) > 1
    assert all("jinko" in name.casefold() and "400" in name for name in hits)
    hits, number = library.search("solar")
    assert len(hits) == 50
    assert number > 5000
    assert hits == sorted(hits)
    for nothing in ("", "  ", "---", "no such module anywhere"):
        assert library.search(nothing) == ([], 0)


@pytest.mark.parametrize("name", ["Canadian Solar Inc. CS1H-320MX", "Canadian_Solar_Inc_CS1H_320MS"])
def test_an_unknown_module_is_refused_with_near_names(name: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        module.module_named(name)
    assert (caught.value.field, caught.value.value) == ("array.module", name)
    assert library.USUAL_NAME in caught.value.expected
    with pytest.raises(ScenarioError) as caught:
        library.listed("zzz")
    assert "CEC library" in caught.value.expected
