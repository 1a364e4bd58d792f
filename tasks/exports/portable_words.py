"""What the files of the portability export say in words, in the person's language (law.md R6)."""

from models.controller import Text

README = Text(
    fr="""Vos données, pour les réutiliser – {controller}
Dossier {case} – état des données au {state}

Droit à la portabilité, article 20 du RGPD. Ces fichiers sont lisibles par une machine : vous pouvez les garder, ou
les confier à un autre organisme, qui saura les reprendre. Nos données à votre sujet ne sont pas effacées pour autant.

1. Extrayez tous les fichiers de cette archive dans un même dossier.
2. Pour un logiciel, utilisez data.json avec schema.json. Pour un tableur, ouvrez les fichiers .csv du dossier data.

data.json       toutes les données transmises, telles que nos systèmes les contiennent (JSON, UTF-8)
schema.json     ce que veut dire chaque champ de data.json (JSON Schema, version 2020-12)
data/           les mêmes données, un fichier .csv par ensemble de données (UTF-8 avec marque d’ordre des octets)
scope.csv       ce qui est inclus, ce qui ne l’est pas, et pourquoi (scope.json : la même chose pour un logiciel)
manifest.json   la liste de tous les fichiers avec leur empreinte SHA-256, pour vérifier que rien n’a changé

Dans les fichiers .csv, une apostrophe précède tout texte qu’un tableur pourrait prendre pour une formule, et les
caractères de contrôle manquent. Seul data.json est une copie exacte.

La portabilité ne couvre que les données que vous avez fournies, traitées de façon automatisée sur la base de votre
consentement ou d’un contrat. Pour une copie de toutes vos données, exercez votre droit d’accès (article 15 du RGPD).

Questions : {email} – merci d’indiquer votre numéro de dossier.
Réclamations : {authority}, {url}

Cette archive contient des données personnelles : conservez-la en lieu sûr.""",
    en="""Your data, to use elsewhere – {controller}
Case {case} – data as they stood on {state}

Right to data portability, Article 20 GDPR. These files are machine-readable: you may keep them, or give them to another
organisation, which can take them over. What we hold about you is not erased by this.

1. Extract all files of this archive into one folder.
2. For a program, use data.json with schema.json. For a spreadsheet, open the .csv files in the folder data.

data.json       all data handed over, as our systems hold them (JSON, UTF-8)
schema.json     what each field of data.json means (JSON Schema, version 2020-12)
data/           the same data, one .csv file per data set (UTF-8 with byte-order mark)
scope.csv       what is included, what is not, and why (scope.json: the same for a program)
manifest.json   the list of all files with their SHA-256 checksums, to verify that nothing has changed

In .csv files an apostrophe stands before text that a spreadsheet could take for a formula, and control characters are
missing. Only data.json is an exact copy.

Portability covers only the data which you provided and which are processed by automated means on the basis of your
consent or of a contract. For a copy of all your data, use your right of access (Article 15 GDPR).

Questions: {email} – please give your case number.
Complaints: {authority}, {url}

This archive holds personal data: keep it in a safe place.""",
)
SCOPE_HEADER = (
    Text(fr="Données", en="Data"),
    Text(fr="Incluses", en="Included"),
    Text(fr="Motif", en="Reason"),
    Text(fr="Enregistrements", en="Records"),
    Text(fr="Champs", en="Fields"),
    Text(fr="Système", en="System"),
    Text(fr="Table", en="Table"),
)
YES = Text(fr="oui", en="yes")
NO = Text(fr="non", en="no")
TITLE = Text(fr="Vos données chez {} (article 20 du RGPD)", en="Your data at {} (Article 20 GDPR)")
FACTS = {
    "$schema": Text(fr="Le schéma qui décrit ce fichier.", en="The schema that describes this file."),
    "format": Text(fr="La version de cette mise en forme.", en="The version of this layout."),
    "controller": Text(fr="Qui détient les données.", en="Who holds the data."),
    "case": Text(fr="Votre numéro de dossier.", en="Your case number."),
    "language": Text(fr="La langue des intitulés.", en="The language of the titles."),
    "state_of_data_at": Text(
        fr="L’instant dont les données montrent l’état (ISO 8601).",
        en="The instant whose data this file shows (ISO 8601).",
    ),
    "data": Text(
        fr="Par système, puis par table : la liste de vos enregistrements.",
        en="By system, then by table: the list of your records.",
    ),
}
PURPOSE = Text(fr="Finalité : {}.", en="Purpose: {}.")
SOURCE = Text(fr="Origine : {}", en="Source: {}")
CATEGORY = Text(fr="Catégorie : {}.", en="Category: {}.")
CODES = Text(fr="Codes : {}.", en="Codes: {}.")
CODE = Text(fr="{} = {}", en="{} = {}")
