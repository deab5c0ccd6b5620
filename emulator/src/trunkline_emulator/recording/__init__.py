"""Recording how a real PBX answers, as shapes without values, and comparing the emulator with such a recording."""
