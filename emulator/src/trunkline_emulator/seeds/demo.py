"""The seed "demo": a company of forty people and all that a PBX in daily use has; most of it is in demo.json."""

from __future__ import annotations

from ..ground import Seed
from ..values import Row
from . import calls, company, fresh

FIRST_NAMES = ("Adaeze", "Bruno", "Celia", "Dao", "Esben", "Farah", "Gideon", "Hildur", "Ilya", "Jomo")
LAST_NAMES = ("Ashgrove", "Bianchi", "Czerny", "Dlamini", "Etxeberria", "Foxglove")
COMPANIES = ("Northwind Example", "Harbour Example", "Müller Beispiel", "Exemple & Fils", "Esempio Srl", "Sample Foods")
SOURCES = ("3CX", "3CX", "3CX", "CRM", "Google", "M365")
CONTACTS = 60


def seed() -> Seed:
    return {
        **fresh.read_rows("empty.json"),
        **company.seed(fresh.read_rows("demo.json")),
        "Contacts": [contact(number) for number in range(1, CONTACTS + 1)],
        "Recordings": lambda: [*calls.recordings()],
        "ActiveCalls": calls.active_calls,
    }


def contact(number: int) -> Row:
    return {
        "Id": number,
        "FirstName": FIRST_NAMES[number % 10],
        "LastName": LAST_NAMES[number % 6],
        "CompanyName": COMPANIES[number % 6],
        "PhoneNumber": f"+12025550{100 + number}",
        "Business": f"+44207946{number:04}",
        "Email": f"contact{number}@example.com",
        "Department": "Purchasing" if number % 2 else "Accounts",
        "ContactType": SOURCES[number % 6],
        "Tag": "customer" if number % 3 else "supplier",
    }
