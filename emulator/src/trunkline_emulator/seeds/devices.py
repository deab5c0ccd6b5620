"""Phones, gateways and their templates in the demo seed."""

from __future__ import annotations

from ..values import Row
from .company import name_of
from .models import DEVICES, MODELS, PHONES, mac_of


def seed() -> dict[str, list[Row]]:
    return {
        "DeviceInfos": [_device(number) for number in range(1, DEVICES + 1)],
        "SipDevices": [_sip_device(number) for number in range(1, PHONES + 1)],
        "Firmwares": [
            {
                "Id": f"{vendor}-{model}".lower(),
                "Vendor": vendor,
                "Model": model,
                "Version": version,
                "Filename": f"{model}.rom",
            }
            for vendor, model, _, version in MODELS
        ],
        "PhoneTemplates": [
            {
                "Id": f"{vendor.lower()}.ph.xml",
                "TemplateType": "Supported",
                "URL": f"https://{vendor.lower()}.example.com",
                "Models": [],
                "IsCustom": False,
            }
            for vendor in ("Fanvil", "Grandstream", "Snom", "Yealink")
        ],
        "PhoneLogos": [{"Filename": "logo.png", "DisplayName": "logo.png"}],
        "Fxs": [
            {
                "MacAddress": "C074AD000099",
                "Name": "Gate phones",
                "Brand": "Grandstream",
                "Model": "HT814",
                "FxsLineCount": 4,
            }
        ],
        "FxsTemplates": [
            {
                "Id": "grandstream-ht814.fxs.xml",
                "Brand": "Grandstream",
                "DeviceType": "Fxs",
                "NumberOfExtensions": 4,
                "TemplateType": "Supported",
                "URL": "https://grandstream.example.com",
            }
        ],
        "Sbcs": [
            {
                "Name": "100000000001",
                "DisplayName": "Warehouse",
                "Password": "not-a-real-password",
                "Group": "DEFAULT",
                "HasConnection": True,
                "LocalIPv4": "198.51.100.20",
                "PublicIP": "203.0.113.20",
                "Version": "20.0.10",
            }
        ],
    }


def _device(number: int) -> Row:
    vendor, model, _, firmware = MODELS[(number - 1) % len(MODELS)]
    assigned = number <= PHONES
    return {
        "Id": number,
        "MAC": mac_of(number),
        "Vendor": vendor,
        "Model": model,
        "FirmwareVersion": firmware,
        "UserAgent": f"{vendor} {model} {firmware}",
        "NetworkAddress": f"192.0.2.{100 + number}",
        "InterfaceLink": f"http://192.0.2.{100 + number}",
        "DetectedAt": f"2026-05-{number:02}T08:15:00Z",
        "Assigned": assigned,
        "AssignedUser": f"{100 + number} {name_of(100 + number)}" if assigned else None,
        "TemplateName": f"{vendor.lower()}.ph.xml",
        "ViaSBC": number % 5 == 0,
        "SbcName": "100000000001" if number % 5 == 0 else None,
    }


def _sip_device(number: int) -> Row:
    vendor, model, _, firmware = MODELS[(number - 1) % len(MODELS)]
    extension = 100 + number
    return {
        "Id": number,
        "DN": {"Id": 11 + number, "Number": str(extension), "Name": name_of(extension), "Type": "Extension"},
        "PhoneWebPassword": "not-a-real-password",
        "Registrar": {
            "MAC": mac_of(number),
            "Vendor": vendor,
            "Model": model,
            "FirmwareVersion": firmware,
            "IpAddress": f"192.0.2.{100 + number}",
            "UserAgent": f"{vendor} {model} {firmware}",
            "InterfaceLink": f"http://192.0.2.{100 + number}",
        },
    }
