"""Look for secrets in every line that any commit has ever added; run by `make secrets`. Exit code 1: one was found.

`.ci/no_secrets.txt` lists what is not a secret: a line each, `<SHA-256 of the text> <why it is not a secret>`.
"""

# ruff: noqa: INP001 - a script of its own
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.plugins.initialize import from_plugin_classname
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString

ROOT = Path(__file__).parent.parent
KNOWN = ROOT / ".ci" / "no_secrets.txt"
# Files of checksums, which look like secrets and are not.
CHECKSUMS = {"local/package-lock.json", "requirements.lock"}
PLUGINS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def added_lines() -> Iterator[tuple[str, str, str]]:
    """Yield commit, file and text of each line that a commit of any branch has added, each text of a file once."""
    command = ["git", "log", "--all", "--patch", "--unified=0", "--no-color", "--no-ext-diff", "--format=commit %H"]
    seen: set[tuple[str, str]] = set()
    commit = file = ""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace") as log:  # noqa: S603
        for line in log.stdout or ():
            text = line.rstrip("\n")
            if text.startswith("commit "):
                commit = text.removeprefix("commit ")
            elif text.startswith("+++ "):
                file = text.removeprefix("+++ ").removeprefix("b/")
            elif text.startswith("+") and file not in CHECKSUMS and (file, text) not in seen:
                seen.add((file, text))
                yield commit, file, text[1:]
    if log.returncode:
        raise SystemExit(f"git log ended with code {log.returncode}: the history could not be read")


def main() -> int:
    """Print what was found; return the exit code."""
    known = {line.split()[0] for line in KNOWN.read_text(encoding="utf-8").splitlines() if line.strip()}
    plugins = [from_plugin_classname(name) for name in PLUGINS]
    plugins += [
        Base64HighEntropyString(limit=4.5),
        HexHighEntropyString(limit=3.0),
    ]  # bits a character, of quoted texts
    lines, unknown = 0, 0
    for commit, file, text in added_lines():
        lines += 1
        for secret in (found for plugin in plugins for found in plugin.analyze_line(filename=file, line=text)):
            value = secret.secret_value or ""
            digest = hashlib.sha256(value.encode()).hexdigest()
            if digest not in known and not UUID.fullmatch(value):
                unknown += 1
                sys.stdout.write(f"{file} in {commit[:10]}: {secret.type}, SHA-256 {digest}\n")
    sys.stdout.write(f"{lines} added lines were looked at, {unknown} findings are not explained\n")
    return 1 if unknown or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
