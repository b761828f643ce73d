# SPDX-License-Identifier: Apache-2.0
"""Writes scarbon's completion for bash, zsh and fish from the output of `scarbon --describe`:

    python3 make_completion.py SCARBON OUT
"""
import json
import pathlib
import subprocess
import sys


def flags(option):
    return ["-" + s for s in option["short"]] + ["--" + long for long in option["long"]]


def choices(option):
    """The accepted values; empty if any text is accepted."""
    _, _, listed = option["value"].partition(":{")
    return listed.rstrip("}").split(",") if listed else []


def is_file(option):
    return option["value"].startswith("FILE")


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


# -- bash


def bash_values(command, options):
    lines = []
    for option in options:
        if option["value"] and flags(option):
            pattern = "|".join(f"{command}:{flag}" for flag in flags(option))
            words = (
                f'compgen -W {quoted(" ".join(choices(option)))} -- "$cur"'
                if choices(option)
                else 'compgen -f -- "$cur"'
            )
            lines.append(
                f"    {pattern}) "
                + (f"COMPREPLY=($({words}))" if choices(option) or is_file(option) else "COMPREPLY=()")
                + "; return ;;"
            )
    return lines


def bash(program):
    names = [c["name"] for c in program["commands"]]
    general = program["options"]
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# bash completion of scarbon; made by manual/make_completion.py.",
        "_scarbon() {",
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word",
        '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        f"    case $word in {'|'.join(names)}) command=$word; break ;; esac",
        "  done",
        "  case $command:$prev in",
    ]
    lines += bash_values("*", general)
    for command in program["commands"]:
        lines += bash_values(command["name"], command["options"])
    lines += [
        "  esac",
        "  local words=''",
        "  case $command in",
        f"    '') words={quoted(' '.join(names + [f for o in general for f in flags(o)]))} ;;",
    ]
    for command in program["commands"]:
        lines.append(
            f"    {command['name']}) words={quoted(' '.join(f for o in command['options'] for f in flags(o)))} ;;"
        )
    lines += [
        "  esac",
        '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
        "  [[ $cur != -* && $command != '' ]] && COMPREPLY=($(compgen -f -- \"$cur\"))",
        "  return 0",
        "}",
        "complete -F _scarbon scarbon",
        "",
    ]
    return "\n".join(lines)


# -- zsh


def zsh_text(text):
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text


def zsh_specs(options):
    specs = []
    for option in options:
        value = ""
        if option["value"]:
            action = "(" + " ".join(choices(option)) + ")" if choices(option) else "_files" if is_file(option) else ""
            value = f":{option['value'].partition(':')[0]}:{action}"
        if not flags(option):
            specs.append(f"*:{option['positional']}:_files")
        elif len(flags(option)) == 1:
            specs.append(f"{flags(option)[0]}[{zsh_text(option['text'])}]{value}")
        else:
            # Its names exclude each other.
            names = " ".join(flags(option))
            specs += [f"({names}){flag}[{zsh_text(option['text'])}]{value}" for flag in flags(option)]
    return " \\\n        ".join(quoted(s) for s in specs)


def zsh(program):
    lines = [
        "#compdef scarbon",
        "# SPDX-License-Identifier: Apache-2.0",
        "# zsh completion of scarbon; made by manual/make_completion.py.",
        "_scarbon() {",
        "  local context state state_descr line",
        "  typeset -A opt_args",
        "  local -a commands",
        "  commands=(",
    ]
    lines += [f"    {quoted(c['name'] + ':' + c['text'].replace(':', ' '))}" for c in program["commands"]]
    lines += [
        "  )",
        f"  _arguments -C {zsh_specs(program['options'])} \\\n        '1: :->command' '*:: :->rest'",
        "  case $state in",
        "    command) _describe -t commands 'scarbon command' commands ;;",
        "    rest)",
        "      case $words[1] in",
    ]
    lines += [f"        {c['name']}) _arguments {zsh_specs(c['options'])} ;;" for c in program["commands"]]
    lines += ["      esac ;;", "  esac", "}", '_scarbon "$@"', ""]
    return "\n".join(lines)


# -- fish


def fish_lines(options, condition):
    lines = []
    for option in options:
        words = [f"-s {s}" for s in option["short"]] + [f"-l {long}" for long in option["long"]]
        if not words:
            continue
        if option["value"]:
            words.append(
                "-x -a " + quoted(" ".join(choices(option)))
                if choices(option)
                else "-r -F"
                if is_file(option)
                else "-x"
            )
        lines.append(
            f"complete -c scarbon {condition}{' '.join(words)} -d {quoted(option['text']).replace(chr(39) + chr(92) + chr(39) + chr(39), chr(92) + chr(39))}"
        )
    return lines


def fish(program):
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# fish completion of scarbon; made by manual/make_completion.py.",
        "complete -c scarbon -f",
    ]
    lines += fish_lines(program["options"], "")
    for command in program["commands"]:
        lines.append(f"complete -c scarbon -n __fish_use_subcommand -a {command['name']} -d \"{command['text']}\"")
        if any(not flags(o) for o in command["options"]):
            lines.append(f"complete -c scarbon -n '__fish_seen_subcommand_from {command['name']}' -F")
        lines += fish_lines(command["options"], f"-n '__fish_seen_subcommand_from {command['name']}' ")
    return "\n".join(lines) + "\n"


def main():
    program, out = json.loads(
        subprocess.run([sys.argv[1], "--describe"], check=True, capture_output=True, text=True).stdout
    ), pathlib.Path(sys.argv[2])
    for place, text in (
        ("bash-completion/completions/scarbon", bash(program)),
        ("zsh/vendor-completions/_scarbon", zsh(program)),
        ("fish/vendor_completions.d/scarbon.fish", fish(program)),
    ):
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        (out / place).write_text(text)


if __name__ == "__main__":
    main()
