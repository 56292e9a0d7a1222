"""The PRISMA 2020 flow: counted, laid out, drawn and exported."""
