"""The demo seed's contacts, website links, blocked addresses and numbers, and the small sets around them."""

from __future__ import annotations

from ..values import Row
from .company import peer

FIRST_NAMES = ("Adaeze", "Bruno", "Celia", "Dao", "Esben", "Farah", "Gideon", "Hildur", "Ilya", "Jomo")
LAST_NAMES = ("Ashgrove", "Bianchi", "Czerny", "Dlamini", "Etxeberria", "Foxglove")
COMPANIES = ("Northwind Example", "Harbour Example", "Müller Beispiel", "Exemple & Fils", "Esempio Srl", "Sample Foods")
SOURCES = ("3CX", "3CX", "3CX", "CRM", "Google", "M365")
CONTACTS = 60

# Address or network, what it is, whether it is let in.
ADDRESSES = (
    ("192.0.2.44", "SIP scan", "Block"),
    ("192.0.2.45", "SIP scan", "Block"),
    ("198.51.100.7", "Too many failed sign-ins", "Block"),
    ("198.51.100.0/28", "Hosting range", "Block"),
    ("203.0.113.5", "Too many failed sign-ins", "Block"),
    ("203.0.113.99", "Web console guesses", "Block"),
    ("203.0.113.128/25", "Hosting range", "Block"),
    ("2001:db8::bad", "SIP scan", "Block"),
    ("2001:db8:dead::/48", "Hosting range", "Block"),
    ("192.0.2.10", "This office", "Allow"),
)
NUMBERS = (
    ("+442079460990", "Silent calls"),
    ("+442079460991", "Sales robot"),
    ("+12025550190", "Survey"),
    ("+12025550191", "Sales robot"),
    ("+1202555018*", "Whole range of one dialler"),
)
# Link, title, number that answers.
LINKS = (
    ("sales", "Talk to sales", "800"),
    ("support", "Get help", "801"),
    ("book-a-demo", "Book a demo", "800"),
    ("billing", "Questions about a bill", "802"),
    ("careers", "Work with us", "810"),
    ("press", "Press", "810"),
    ("partners", "Partners", "800"),
    ("o'brien-münchen", "Büro O'Brien", "820"),
)


def seed() -> dict[str, list[Row]]:
    return {
        "Contacts": [contact(number) for number in range(1, CONTACTS + 1)],
        "Blocklist": [
            {
                "Id": n,
                "IPAddrMask": address,
                "Description": text,
                "BlockType": kind,
                "AddedBy": "AutoBlacklist" if text.startswith("Too many") else "Manual",
                "ExpiresAt": f"2027-01-{n:02}T00:00:00Z",
            }
            for n, (address, text, kind) in enumerate(ADDRESSES, 1)
        ],
        "BlackListNumbers": [
            {"Id": str(n), "CallerId": number, "Description": text} for n, (number, text) in enumerate(NUMBERS, 1)
        ],
        "WebsiteLinks": [_link(n, *link) for n, link in enumerate(LINKS, 1)],
        "TenantProperties": [{"Name": "CRM_SYNC", "Value": "1", "Description": "Whether contacts are synchronised"}],
        "Playlists": [
            {
                "Name": "Jazz",
                "Files": ["one.wav", "two.wav"],
                "RepositoryPath": "",
                "Shuffle": True,
                "MaxVolumePercent": 80,
            }
        ],
        "CustomPrompts": [
            {
                "Filename": "welcome.wav",
                "DisplayName": "welcome.wav",
                "FileLink": "/prompts/welcome.wav",
                "CanBeDeleted": True,
            }
        ],
        "EmailTemplate": [
            {
                "TemplatePath": "EN/WelcomeEmail.html",
                "Name": "Welcome",
                "Lang": "EN",
                "IsDefault": True,
                "Subject": "Welcome",
                "Body": "<p>Hello</p>",
            }
        ],
        "CrmTemplates": [{"Name": "ExampleCRM", "Authentication": {"Type": "Basic"}}],
        "TrunkTemplates": [
            {
                "Id": "example.pv.xml",
                "Name": "Example SIP",
                "TemplateType": "Supported",
                "Countries": ["GB"],
                "IsCustom": False,
            }
        ],
        "Holidays": [
            _holiday(1, "New Year", 1, 1),
            _holiday(2, "Christmas", 25, 12),
            _holiday(3, "Boxing Day", 26, 12),
        ],
        "EmergencyGeoLocations": [{"Id": "1", "FriendlyName": "London office"}],
    }


def contact(number: int) -> Row:
    first, last = FIRST_NAMES[number % 10], LAST_NAMES[number % 6]
    return {
        "Id": number,
        "FirstName": first,
        "LastName": last,
        "CompanyName": COMPANIES[number % 6],
        "PhoneNumber": f"+12025550{100 + number}",
        "Business": f"+44207946{number:04}",
        "Email": f"contact{number}@example.com",
        "Department": "Purchasing" if number % 2 else "Accounts",
        "ContactType": SOURCES[number % 6],
        "Tag": "customer" if number % 3 else "supplier",
    }


def _link(number: int, link: str, title: str, answers: str) -> Row:
    return {
        "Link": link,
        "Id": number,
        "Name": title,
        "Group": "DEFAULT",
        "Website": ["https://www.example.com"],
        "CallsEnabled": True,
        "ChatEnabled": True,
        "MeetingEnabled": False,
        "Hidden": False,
        "DefaultRecord": number == 1,
        "General": {"Greeting": "DesktopAndMobile", "Authentication": "Both", "EnableOnMobile": True},
        "Styling": {"Animation": "NoAnimation", "Minimized": True},
        "DN": peer(answers),
    }


def _holiday(number: int, name: str, day: int, month: int) -> Row:
    return {
        "Id": number,
        "Name": name,
        "Day": day,
        "DayEnd": day,
        "Month": month,
        "MonthEnd": month,
        "Year": 2026,
        "YearEnd": 2026,
        "IsRecurrent": True,
        "TimeOfStartDate": "PT0S",
        "TimeOfEndDate": "PT23H59M",
    }
