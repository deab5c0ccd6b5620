"""Time zones and countries that a PBX lists: public facts, as the IANA and ITU tables have them."""

from __future__ import annotations

from ..values import Row

# IANA name, Windows name, offset in winter, cities.
TIME_ZONES = (
    ("Pacific/Honolulu", "Hawaiian Standard Time", "-10:00", "Hawaii"),
    ("America/Anchorage", "Alaskan Standard Time", "-09:00", "Alaska"),
    ("America/Los_Angeles", "Pacific Standard Time", "-08:00", "Pacific Time (US & Canada)"),
    ("America/Denver", "Mountain Standard Time", "-07:00", "Mountain Time (US & Canada)"),
    ("America/Phoenix", "US Mountain Standard Time", "-07:00", "Arizona"),
    ("America/Chicago", "Central Standard Time", "-06:00", "Central Time (US & Canada)"),
    ("America/Mexico_City", "Central Standard Time (Mexico)", "-06:00", "Mexico City"),
    ("America/New_York", "Eastern Standard Time", "-05:00", "Eastern Time (US & Canada)"),
    ("America/Toronto", "Eastern Standard Time", "-05:00", "Toronto"),
    ("America/Bogota", "SA Pacific Standard Time", "-05:00", "Bogota, Lima, Quito"),
    ("America/Halifax", "Atlantic Standard Time", "-04:00", "Atlantic Time (Canada)"),
    ("America/Santiago", "Pacific SA Standard Time", "-04:00", "Santiago"),
    ("America/Sao_Paulo", "E. South America Standard Time", "-03:00", "Brasilia"),
    ("America/Argentina/Buenos_Aires", "Argentina Standard Time", "-03:00", "Buenos Aires"),
    ("Atlantic/Azores", "Azores Standard Time", "-01:00", "Azores"),
    ("Etc/UTC", "UTC", "+00:00", "Coordinated Universal Time"),
    ("Europe/London", "GMT Standard Time", "+00:00", "Dublin, Edinburgh, Lisbon, London"),
    ("Europe/Lisbon", "GMT Standard Time", "+00:00", "Lisbon"),
    ("Europe/Dublin", "GMT Standard Time", "+00:00", "Dublin"),
    ("Europe/Berlin", "W. Europe Standard Time", "+01:00", "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
    ("Europe/Amsterdam", "W. Europe Standard Time", "+01:00", "Amsterdam"),
    ("Europe/Rome", "W. Europe Standard Time", "+01:00", "Rome"),
    ("Europe/Vienna", "W. Europe Standard Time", "+01:00", "Vienna"),
    ("Europe/Zurich", "W. Europe Standard Time", "+01:00", "Zurich"),
    ("Europe/Paris", "Romance Standard Time", "+01:00", "Brussels, Copenhagen, Madrid, Paris"),
    ("Europe/Brussels", "Romance Standard Time", "+01:00", "Brussels"),
    ("Europe/Madrid", "Romance Standard Time", "+01:00", "Madrid"),
    ("Europe/Warsaw", "Central European Standard Time", "+01:00", "Sarajevo, Skopje, Warsaw, Zagreb"),
    ("Europe/Prague", "Central Europe Standard Time", "+01:00", "Belgrade, Bratislava, Budapest, Prague"),
    ("Africa/Lagos", "W. Central Africa Standard Time", "+01:00", "West Central Africa"),
    ("Europe/Athens", "GTB Standard Time", "+02:00", "Athens, Bucharest"),
    ("Asia/Nicosia", "GTB Standard Time", "+02:00", "Nicosia"),
    ("Europe/Kyiv", "FLE Standard Time", "+02:00", "Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius"),
    ("Africa/Cairo", "Egypt Standard Time", "+02:00", "Cairo"),
    ("Africa/Johannesburg", "South Africa Standard Time", "+02:00", "Harare, Pretoria"),
    ("Asia/Jerusalem", "Israel Standard Time", "+02:00", "Jerusalem"),
    ("Europe/Istanbul", "Turkey Standard Time", "+03:00", "Istanbul"),
    ("Africa/Nairobi", "E. Africa Standard Time", "+03:00", "Nairobi"),
    ("Asia/Riyadh", "Arab Standard Time", "+03:00", "Kuwait, Riyadh"),
    ("Asia/Dubai", "Arabian Standard Time", "+04:00", "Abu Dhabi, Muscat"),
    ("Asia/Karachi", "Pakistan Standard Time", "+05:00", "Islamabad, Karachi"),
    ("Asia/Kolkata", "India Standard Time", "+05:30", "Chennai, Kolkata, Mumbai, New Delhi"),
    ("Asia/Bangkok", "SE Asia Standard Time", "+07:00", "Bangkok, Hanoi, Jakarta"),
    ("Asia/Shanghai", "China Standard Time", "+08:00", "Beijing, Chongqing, Hong Kong, Urumqi"),
    ("Asia/Singapore", "Singapore Standard Time", "+08:00", "Kuala Lumpur, Singapore"),
    ("Australia/Perth", "W. Australia Standard Time", "+08:00", "Perth"),
    ("Asia/Tokyo", "Tokyo Standard Time", "+09:00", "Osaka, Sapporo, Tokyo"),
    ("Australia/Adelaide", "Cen. Australia Standard Time", "+09:30", "Adelaide"),
    ("Australia/Brisbane", "E. Australia Standard Time", "+10:00", "Brisbane"),
    ("Australia/Sydney", "AUS Eastern Standard Time", "+10:00", "Canberra, Melbourne, Sydney"),
    ("Pacific/Auckland", "New Zealand Standard Time", "+12:00", "Auckland, Wellington"),
)
# Name, two letters, dialling prefix, prefix for calls abroad, continent.
COUNTRIES = (
    ("Australia", "AU", "61", "0011", "Australia"),
    ("Austria", "AT", "43", "00", "Europe"),
    ("Belgium", "BE", "32", "00", "Europe"),
    ("Brazil", "BR", "55", "00", "South America"),
    ("Canada", "CA", "1", "011", "North America"),
    ("Cyprus", "CY", "357", "00", "Europe"),
    ("France", "FR", "33", "00", "Europe"),
    ("Germany", "DE", "49", "00", "Europe"),
    ("India", "IN", "91", "00", "Asia"),
    ("Ireland", "IE", "353", "00", "Europe"),
    ("Italy", "IT", "39", "00", "Europe"),
    ("Japan", "JP", "81", "010", "Asia"),
    ("Netherlands", "NL", "31", "00", "Europe"),
    ("New Zealand", "NZ", "64", "00", "Australia"),
    ("Poland", "PL", "48", "00", "Europe"),
    ("Portugal", "PT", "351", "00", "Europe"),
    ("Singapore", "SG", "65", "000", "Asia"),
    ("South Africa", "ZA", "27", "00", "Africa"),
    ("Spain", "ES", "34", "00", "Europe"),
    ("Switzerland", "CH", "41", "00", "Europe"),
    ("United Kingdom", "GB", "44", "00", "Europe"),
    ("United States", "US", "1", "011", "North America"),
)


def time_zones() -> list[Row]:
    return [
        {"Id": str(n), "IanaName": iana, "WindowsName": windows, "Name": f"(UTC{offset}) {cities}"}
        for n, (iana, windows, offset, cities) in enumerate(TIME_ZONES, 1)
    ]


def countries() -> list[Row]:
    return [
        {
            "Name": name,
            "ErpCode": code,
            "CountryCode": prefix,
            "CountryCodes": [prefix],
            "ExitCode": abroad,
            "Continent": continent,
            "WebMeetingZone": continent,
        }
        for name, code, prefix, abroad, continent in COUNTRIES
    ]
