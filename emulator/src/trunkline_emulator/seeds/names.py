"""Words that the names of the seed "large" are combined from. They refer to nobody in particular."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words(
    "Adaeze Amara Anouk Arvid Beatriz Bogdan Bruno Callum Celia Chidi Dao Dmitri Edda Eleni Elliot Emeka Esben Esther "
    "Farah Fatou Femi Finn Freya Gideon Giulia Gwen Hamza Hanna Hassan Helmi Hildur Hugo Ibrahim Ilya Imani Ingrid Ivo "
    "Jana Jomo Jonas Julian Kaito Karim Katya Keiko Kenji Lars Leila Liam Lotte Luca Mads Maren Mateo Mei Milan Mira "
    "Nadia Nils Noor Oda Olga Omar Oskar Paavo Petra Pilar Priya Quentin Rafael Rania Rosa Ruben Sanna Selma Sinan "
    "Sofie Soraya Stefan Sven Tariq Tea Thandiwe Tomas Ulla Uwe Valeria Viktor Wanda Wei Xenia Yann Yara Yuki Yusuf "
    "Zainab Zeno Zofia Zuri Åsa"
)
LAST_NAMES = _words(
    "Abernathy Achebe Adeyemi Aldrich Ashgrove Bellweather Bianchi Birkeland Brandt Bramble Carmichael Castellanos "
    "Cedergren Czerny Delacroix Desrosiers Dlamini Dunmore Elmgren Eriksen Etxeberria Fairweather Falkenrath Feldspar "
    "Foxglove Gallowglass Grunwald Haddad Halvorsen Hawksworth Hemmings Holmgaard Ibarra Ironside Jankowski Jessamine "
    "Kallweit Kestrel Kowalczyk Larkspur Lindqvist Lockhaven Lund Marchetti Marrowby Mistral Montague Mwangi Nakagawa "
    "Nettlefold Novak Okonkwo Oldcastle Osei Oyelaran Pemberton Petrova Pinemarten Quill Quince Rasmussen Ravensburg "
    "Redfern Rosewood Saltmarsh Sandoval Silverlake Sorensen Stillwater Tamarind Thistlewood Thornbury Tidewater "
    "Umber Underhill Vasquez Vetch Vinterberg Wainscott Whitlock Wildenow Winterbourne Wren Yamamoto Yarrow Yewdale "
    "Zandstra Zeller Zimmerli Ambergate Blackthorn Cloverfield Driftwood Eastlake Fernsby Goldcrest Heatherley "
    "Inkwell Juniper Kingscote"
)
TRADES = _words("Foods Logistics Timber Textiles Optics Dairy Print Energy Marine Glass")
TOWNS = _words("Harbour Northwind Hillside Riverbend Oakfield Lakeview Stonebridge Meadow Clearwater Highmoor")
DIVISIONS = _words("Sales Support Engineering Finance Operations Logistics Legal Research Marketing Facilities")
