"""Status, configuration and properties of old backends, from and to the dicts that services sent."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from qdock_legacy import (
    BackendConfiguration,
    BackendProperties,
    BackendPropertyError,
    BackendStatus,
    GateConfig,
    GateProperties,
    Nduv,
    QasmBackendConfiguration,
    QiskitError,
)

CONFIGURATION = {
    "backend_name": "device",
    "backend_version": "1.2.3",
    "n_qubits": 2,
    "basis_gates": ["u3", "cx"],
    "gates": [{"name": "cx", "parameters": [], "qasm_def": "CX q0,q1;", "coupling_map": [[0, 1]]}],
    "local": False,
    "simulator": False,
    "conditional": True,
    "open_pulse": False,
    "memory": True,
    "max_shots": 8192,
    "coupling_map": [[0, 1]],
    "dynamic_reprate_enabled": True,
}
DATE = "2020-05-01T12:00:00+00:00"


def configuration(**fields):
    return QasmBackendConfiguration.from_dict({**CONFIGURATION, **fields})


# --- status


def test_a_status_is_its_five_fields():
    status = BackendStatus("device", "1.0.0", True, 3, "")
    assert status.to_dict() == {
        "backend_name": "device",
        "backend_version": "1.0.0",
        "operational": True,
        "pending_jobs": 3,
        "status_msg": "",
    }
    assert BackendStatus.from_dict(status.to_dict()) == status != BackendStatus("device", "1.0.0", True, 4, "")
    assert "pending_jobs=3" in repr(status)


def test_a_queue_is_not_negative():
    with pytest.raises(QiskitError, match="Pending jobs must be >=0"):
        BackendStatus("device", "1.0.0", True, -1, "")


# --- configuration


def test_a_configuration_has_its_fields_as_attributes():
    found = configuration()
    assert (found.backend_name, found.n_qubits, found.num_qubits, found.max_shots) == ("device", 2, 2, 8192)
    assert found.gates == [GateConfig("cx", [], "CX q0,q1;", [[0, 1]])]
    assert found.gates[0].coupling_map == [[0, 1]]
    assert found.to_dict() == CONFIGURATION


@pytest.mark.parametrize("missing", [name for name in CONFIGURATION if name != "dynamic_reprate_enabled"])
def test_every_field_but_the_optional_is_needed(missing):
    with pytest.raises(TypeError, match=missing):
        QasmBackendConfiguration.from_dict({name: CONFIGURATION[name] for name in CONFIGURATION if name != missing})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"description": None},
        {"max_experiments": 0},
        {"n_registers": 0},
        {"register_map": []},
        {"rep_delay_range": []},
    ],
)
def test_what_was_not_given_is_absent(fields):
    found = configuration(**fields)
    for name in ("description", "max_experiments", "n_registers", "register_map", "rep_delay_range"):
        assert name not in found
        with pytest.raises(AttributeError, match=f"Attribute {name} is not defined"):
            getattr(found, name)


def test_what_was_given_beyond_the_known_is_an_attribute_but_not_in_it():
    found = configuration(colour="red")
    assert (found.colour, "colour" in found, "n_qubits" in found) == ("red", False, True)
    assert found.to_dict() == {**CONFIGURATION, "colour": "red"}


def test_the_number_of_registers_is_what_was_given():
    assert configuration(n_registers=5).n_registers == 5


def test_times_and_frequencies_are_in_si_units_as_attributes_and_in_their_own_in_the_dict():
    given = {
        "dt": 0.2222222222222222,
        "dtm": 10.666666666666666,
        "rep_delay_range": [0.1, 500.3],
        "default_rep_delay": 250.7,
        "qubit_lo_range": [[4.47, 5.47]],
        "rep_times": [1000],
    }
    found = configuration(**given)
    assert found.dt == pytest.approx(0.2222222222222222e-9)
    assert found.dtm == pytest.approx(10.666666666666666e-9)
    assert found.rep_delay_range == pytest.approx([0.1e-6, 500.3e-6])
    assert found.default_rep_delay == pytest.approx(250.7e-6)
    assert found.qubit_lo_range[0] == pytest.approx([4.47e9, 5.47e9])
    assert found.rep_times == pytest.approx([1e-3])
    assert found.to_dict() == {**CONFIGURATION, **given}
    assert QasmBackendConfiguration.from_dict(found.to_dict()) == found == copy.deepcopy(found)


def test_a_time_that_was_changed_is_written_as_it_is_now():
    found = configuration(dt=0.5)
    found.dt = 2e-9
    assert found.to_dict()["dt"] == pytest.approx(2)


def test_a_dict_is_not_changed_by_reading_it():
    given = copy.deepcopy(CONFIGURATION)
    QasmBackendConfiguration.from_dict(given)
    assert given == CONFIGURATION


def test_backend_configuration_is_the_subclass():
    assert isinstance(BackendConfiguration.from_dict(CONFIGURATION), QasmBackendConfiguration)
    assert not isinstance(configuration(), BackendConfiguration)


# --- properties


def nduv(name, unit, value):
    return {"date": DATE, "name": name, "unit": unit, "value": value}


PROPERTIES = {
    "backend_name": "device",
    "backend_version": "1.2.3",
    "last_update_date": DATE,
    "qubits": [
        [
            nduv("T1", "us", 50),
            nduv("T2", "µs", 70),
            nduv("frequency", "GHz", 5),
            nduv("readout_error", "", 0.02),
            nduv("readout_length", "ns", 3500),
        ],
        [nduv("T1", "s", 1), nduv("operational", "", 0)],
    ],
    "gates": [
        {"qubits": [0], "gate": "u3", "parameters": [nduv("gate_error", "", 0.001), nduv("gate_length", "ns", 70)]},
        {"qubits": [0, 1], "gate": "cx", "name": "cx0_1", "parameters": [nduv("operational", "", 0)]},
    ],
    "general": [nduv("fridge", "mK", 15)],
}


def properties() -> BackendProperties:
    return BackendProperties.from_dict(PROPERTIES)


def test_properties_are_written_as_they_were_read():
    found = properties()
    assert found.to_dict() == PROPERTIES
    assert BackendProperties.from_dict(found.to_dict()) == found
    assert found.last_update_date == datetime(2020, 5, 1, 12, tzinfo=UTC)
    assert found.gates[1] == GateProperties.from_dict(PROPERTIES["gates"][1])
    assert found.gates[1].name == "cx0_1"
    assert found.general == [Nduv(DATE, "fridge", "mK", 15)]
    found.last_update_date = datetime(2021, 1, 1, tzinfo=UTC)
    assert found.to_dict()["last_update_date"] == datetime(2021, 1, 1, tzinfo=UTC)


def test_values_are_in_si_units():
    found = properties()
    assert (found.t1(0), found.t2(0), found.frequency(0)) == (5e-05, 7e-05, 5e9)
    assert (found.readout_error(0), found.readout_length(0), found.t1(1)) == (0.02, 3.5e-06, 1)
    assert (found.gate_error("u3", 0), found.gate_length("u3", [0])) == (0.001, 7e-08)
    assert found.qubit_property(0, "T1") == (5e-05, DATE)
    assert set(found.qubit_property(1)) == {"T1", "operational"}
    assert found.gate_property("u3", 0, "gate_error") == (0.001, DATE)
    assert set(found.gate_property("u3", 0)) == {"gate_error", "gate_length"}
    assert set(found.gate_property("cx")) == {(0, 1)}


def test_what_says_that_it_does_not_work_is_faulty_and_all_else_works():
    found = properties()
    assert (found.faulty_qubits(), [gate.gate for gate in found.faulty_gates()]) == ([1], ["cx"])
    assert (found.is_qubit_operational(0), found.is_qubit_operational(1)) == (True, False)
    assert found.is_gate_operational("u3", 0)
    assert not found.is_gate_operational("cx", (0, 1))
    assert not found.is_gate_operational("cx")


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda found: found.t1(9), "Couldn't find the property 'T1' for qubit 9"),
        (lambda found: found.frequency(1), "Couldn't find the property 'frequency' for qubit 1"),
        (lambda found: found.qubit_property(9), "Couldn't find the properties for qubit 9"),
        (lambda found: found.gate_property("h"), "Could not find the desired property for h"),
        (lambda found: found.gate_error("u3", 1), r"property 'gate_error' for u3 on qubits \[1\]"),
        (lambda found: found.gate_property("u3", 0, "x"), r"property 'x' for u3 on qubits \[0\]"),
        (lambda found: found.gate_property("u3", name="gate_error"), "Provide qubits to get gate_error of u3"),
    ],
)
def test_what_was_not_measured_is_an_error(ask, message):
    with pytest.raises(BackendPropertyError, match=message.replace("'", "\\\\?'")):
        ask(properties())
