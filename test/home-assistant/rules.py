"""Prints what Home Assistant allows, as test/fixtures/home-assistant-rules.json holds it: of its own code."""

import json

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.button import ButtonDeviceClass
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    SensorDeviceClass,
)
from homeassistant.components.switch import SwitchDeviceClass
from homeassistant.const import __version__


def units(known):
    return sorted("" if one is None else str(getattr(one, "value", one)) for one in known)


print(
    json.dumps(
        {
            "version": __version__,
            "sensor": {
                one.value: {
                    "units": units(DEVICE_CLASS_UNITS.get(one, [])),
                    "stateClasses": sorted(state.value for state in DEVICE_CLASS_STATE_CLASSES.get(one, [])),
                    "numeric": one not in NON_NUMERIC_DEVICE_CLASSES,
                }
                for one in SensorDeviceClass
            },
            "number": {one.value: units(known) for one, known in NUMBER_UNITS.items()},
            "binary_sensor": [one.value for one in BinarySensorDeviceClass],
            "switch": [one.value for one in SwitchDeviceClass],
            "button": [one.value for one in ButtonDeviceClass],
        },
        ensure_ascii=False,
    )
)
