"""Relaxivities against Szomolanyi et al. 2019 (doi:10.1097/RLI.0000000000000577, abstract)."""

import pytest

from mamri.perfusion.relaxivity import FIELD_STRENGTHS_T, ContrastAgent, field_index, relaxivity
from mamri.records import InputError
from mamri.simulation._tissue_table import GADOBUTROL_RELAXIVITY


@pytest.mark.parametrize(
    ("agent", "at_1_5_t", "at_3_t"),
    [("gadobutrol", 4.78, 4.97), ("gadoteridol", 3.80, 3.28), ("gadoterate", 3.32, 3.00)],
)
def test_macrocyclic_agents_have_the_values_of_human_plasma(agent, at_1_5_t, at_3_t):
    assert (at_1_5_t, at_3_t) == (relaxivity(agent, 1.5).r1, relaxivity(agent, 3.0).r1)
    assert not relaxivity(agent, 3.0).is_assumption


def test_gadobutrol_is_as_in_the_simulated_exams():
    found = tuple(relaxivity(ContrastAgent.GADOBUTROL, tesla).r1 for tesla in FIELD_STRENGTHS_T)
    assert GADOBUTROL_RELAXIVITY == found


@pytest.mark.parametrize("agent", list(ContrastAgent))
@pytest.mark.parametrize("tesla", FIELD_STRENGTHS_T)
def test_every_agent_has_a_plausible_value_with_a_source(agent, tesla):
    found = relaxivity(agent, tesla)
    assert (agent, tesla) == (found.agent, found.field_strength_t)
    assert 2.5 < found.r1 < 15
    assert found.source
    assert "doi" in found.source or found.is_assumption


@pytest.mark.parametrize("tesla", [1.41, 1.494, 1.5, 1.6])
def test_scanners_near_a_field_belong_to_it(tesla):
    assert 1.5 == relaxivity("gadoterate", tesla).field_strength_t
    assert 0 == field_index(tesla)


def test_names_are_read_in_any_case():
    assert ContrastAgent.GADOBENATE is relaxivity(" Gadobenate", 2.89).agent


@pytest.mark.parametrize("tesla", [0.55, 1.0, 2.0, 7.0, float("nan")])
def test_other_fields_are_refused(tesla):
    with pytest.raises(InputError, match=r"known at 1\.5 T and 3 T"):
        relaxivity("gadobutrol", tesla)
    assert field_index(tesla) is None


@pytest.mark.parametrize("agent", ["", "gadolinium", "ferumoxytol"])
def test_unknown_agents_are_refused_with_the_known_ones(agent):
    with pytest.raises(InputError, match="known for gadobutrol, gadoteridol"):
        relaxivity(agent, 3.0)
