"""Print the script that lets a shell complete commands, options and their values.

The scripts only ask this command what can follow the words of a line, so that no shell has a copy
of the grammar, and a new release needs no new script.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from compiler import terminal

EXAMPLE = """\
example:
  eval "$(analytics-compile completion bash)"        in ~/.bashrc
  source <(analytics-compile completion zsh)         in ~/.zshrc, after compinit
  analytics-compile completion fish | source         in ~/.config/fish/config.fish
"""

# A word may hold anything that a shell can quote, so what stands between two of them is a control character.
_BETWEEN = "\x1f"
_BASH = r"""_analytics_compile() {
    local line words IFS=$'\x1f'
    words="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    IFS=$'\n'
    COMPREPLY=()
    for line in $("$1" completion bash --words="$words" 2>/dev/null); do
        case $line in
            :files) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$2")) ;;
            :folders) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$2")) ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done
}
complete -F _analytics_compile analytics-compile
"""
_ZSH = r"""#compdef analytics-compile
_analytics_compile() {
    local line
    local -a described
    for line in "${(@f)$("$words[1]" completion zsh --words="${(pj:\x1f:)words[1,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            :files) _files ;;
            :folders) _files -/ ;;
            *$'\t'*) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            ?*) described+=("${line//:/\\:}") ;;
        esac
    done
    (( $#described )) && _describe analytics-compile described
}
compdef _analytics_compile analytics-compile
"""
_FISH = r"""function __analytics_compile
    set -l typed (commandline -opc)
    set -l words (string join \x1f -- $typed (commandline -ct))
    for line in ($typed[1] completion fish --words=$words 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :folders
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete --command analytics-compile --no-files --arguments '(__analytics_compile)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

_FILES, _FOLDERS = ":files", ":folders"
_BY_METAVAR = {"SPEC": _FILES, "FILE": _FILES, "LOCK|REF": _FILES, "DIR": _FOLDERS}

Word = tuple[str, str]
"""What may stand on the line, and what it means."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=SCRIPTS, help="whose script to print")
    parser.add_argument(
        "--words", metavar="WORDS", help="print what the last word of a line can become, for the scripts"
    )


def run(options: argparse.Namespace) -> int:
    """Print a script, or the words that one of them asks for."""
    if options.words is None:
        sys.stdout.write(SCRIPTS[options.shell])
        return terminal.FINE
    _, *words = options.words.split(_BETWEEN)
    for word, meaning in complete(words, options.commands, options.parser_of):
        print(f"{word}\t{meaning}" if meaning else word)
    return terminal.FINE


def complete(
    words: Sequence[str],
    commands: Mapping[str, str],
    parser_of: Callable[[str], argparse.ArgumentParser],
) -> list[Word]:
    """Return what the last word can become after the others; `:files` and `:folders` the shell knows."""
    *before, partial = words
    known: list[Word] = [] if before else list(commands.items())
    if before and before[0] in commands:
        name, *before = before
    else:
        name = "build"
    known += _expected(parser_of(name), before, partial)
    return [(word, meaning) for word, meaning in known if word.startswith((partial, ":"))]


def _expected(parser: argparse.ArgumentParser, before: Sequence[str], partial: str) -> list[Word]:
    """Return what a parser takes after the words before."""
    # argparse has no public way to ask what a parser takes.
    actions = parser._actions
    options = {text: action for action in actions for text in action.option_strings}
    places = [action for action in actions if not action.option_strings]
    waiting: argparse.Action | None = None
    for index, word in enumerate(before):
        if waiting:
            waiting = None
        elif word in options:
            waiting = options[word] if options[word].nargs != 0 else None
        elif places and not word.startswith("-"):
            place = places[0]
            if isinstance(place, argparse._SubParsersAction):
                inner = place.choices.get(word)
                return _expected(inner, before[index + 1 :], partial) if inner else []
            places = places if place.nargs in ("*", "+") else places[1:]
    if waiting:
        return list(_values(waiting, before))
    if partial.startswith("-"):
        used = {options[word] for word in before if word in options}
        return [(text, each.help or "") for text, each in options.items() if each not in used]
    return list(_values(places[0], before)) if places else []


def _values(action: argparse.Action, before: Sequence[str]) -> Iterator[Word]:
    if isinstance(action, argparse._SubParsersAction):
        meanings = {each.dest: each.help for each in action._choices_actions}
        yield from ((name, meanings.get(name) or "") for name in action.choices)
    elif action.choices is not None:
        yield from ((str(choice), "") for choice in action.choices)
    elif action.metavar == "RULE":
        from compiler.rules import RULES

        yield from ((rule.code, rule.summary) for rule in RULES)
    elif action.metavar == "STAGE":
        yield from ((name, "") for name in _stages(before) if name.isprintable())
    elif isinstance(action.metavar, str) and action.metavar in _BY_METAVAR:
        yield _BY_METAVAR[action.metavar], ""


def _stages(words: Sequence[str]) -> Sequence[str]:
    """Return the stages of the spec that stands on the line already; none where it cannot be read."""
    from compiler.diagnostics import Diagnostics
    from compiler.passes.load import load

    spec = next((word for word in words if word.endswith((".yaml", ".yml"))), None)
    document = load(spec, Diagnostics()) if spec else None
    return document.stages if document else ()
