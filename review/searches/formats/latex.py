"""Turn LaTeX, as reference managers write it, into plain text."""

import re
import unicodedata

_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323",
    "c": "\u0327", "k": "\u0328", "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å",
    "AA": "Å", "l": "ł", "L": "Ł", "i": "i", "j": "j", "dh": "ð", "DH": "Ð", "th": "þ",
    "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ", "pounds": "£", "copyright": "©",
    "dag": "†", "S": "§", "P": "¶", "textquotesingle": "'", "textquoteright": "’",
    "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”", "textendash": "–",
    "textemdash": "—", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "textbar": "|", "textless": "<", "textgreater": ">", "textdegree": "°", "textregistered": "®",
    "texttrademark": "™", "ldots": "…", "dots": "…", "textellipsis": "…", "times": "×", "pm": "±",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "approx": "≈", "sim": "∼",
    "cdot": "·", "rightarrow": "→", "to": "→", "infty": "∞", "circ": "°", "prime": "′", "euro": "€",
    "texteuro": "€", "backslash": "\\", "guillemotleft": "«", "guillemotright": "»",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "textmu": "μ", "textalpha": "α", "textbeta": "β",
}  # fmt: skip

_SIGN_ACCENT = re.compile(
    r"\\([`'^~=.\"])\s*(?:\{\s*(?:\\([ij])(?![A-Za-z])|([A-Za-z]))\s*\}|\\([ij])(?![A-Za-z])\s?|([A-Za-z]))"
)
_LETTER_ACCENT = re.compile(
    r"\\([uvHrdckb])(?:\s*\{\s*(?:\\([ij])(?![A-Za-z])|([A-Za-z]))\s*\}|\s+\\([ij])(?![A-Za-z])|\s+([A-Za-z])(?![A-Za-z]))"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\*|\s*\{\}|[ \t\n]+(?=[^{\s])|)")
_ESCAPED = re.compile(r"\\([&%$#_{}~^,;:!/ \-@|<>\"'`=.*+()\[\]])")
_PLACEHOLDERS = {"{": "\ue000", "}": "\ue001", "$": "\ue002", "\\": "\ue003", "~": "\ue004"}
_RESTORE = str.maketrans({placeholder: sign for sign, placeholder in _PLACEHOLDERS.items()})


def to_text(text: str) -> str:
    """Return ``text`` with accents and symbols as characters, without braces or commands."""
    if "\\" in text:
        text = _SIGN_ACCENT.sub(_accented, text.replace("\\\\", "\ue003"))
        text = _LETTER_ACCENT.sub(_accented, text)
        text = _ESCAPED.sub(_escaped, text)
        text = _COMMAND.sub(_command, text)
    if "$" in text:
        text = re.sub(
            r"\$([^$]{0,2000})\$", lambda match: re.sub(r"[_^](?=\{|\w)", "", match.group(1)), text
        )
    text = text.replace("``", "“").replace("''", "”").replace("~", " ").replace("---", "—")
    text = re.sub(r"(?<=[^-])--(?=[^-])", "–", text).replace("{", "").replace("}", "")
    return unicodedata.normalize("NFC", text.translate(_RESTORE))


def _accented(match: re.Match[str]) -> str:
    letter = next(group for group in match.groups()[1:] if group)
    return unicodedata.normalize("NFC", letter + _COMBINING[match.group(1)])


def _escaped(match: re.Match[str]) -> str:
    sign = match.group(1)
    if sign in ",;:!/ -":
        return " " if sign in " ,;:" else ""
    return _PLACEHOLDERS.get(sign, sign)


def _command(match: re.Match[str]) -> str:
    return _PLACEHOLDERS.get(sign := _LETTERS.get(match.group(1), ""), sign)
