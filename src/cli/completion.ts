import { COMPLETE } from './complete.ts';
import { UsageError, type Verb } from './verb.ts';

/**
 * A script for each shell. None knows a command: all ask the program itself, with the words of the line, so that they never
 * grow old. `program` is the file's name; `name` is the same as a name of a function.
 */
const scripts: Readonly<Record<string, (program: string, name: string) => string>> = {
  bash: (program, name) => `# bash completion for ${program}

_${name}() {
    local word previous='' directive=4
    local -a line=()
    # Bash takes --flag=value apart.
    for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ ($word == = || $previous == =) && \${#line[@]} -gt 0 ]]; then
            line[\${#line[@]}-1]+=$word
        else
            line+=("$word")
        fi
        previous=$word
    done
    COMPREPLY=()
    while IFS= read -r word; do
        case $word in
            :*) directive=\${word#:} ;;
            *) COMPREPLY+=("\${word%%$'\\t'*}") ;;
        esac
    done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${line[@]}" 2>/dev/null)
    if [[ $directive == 0 ]]; then
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
        compopt -o filenames 2>/dev/null
    fi
}

complete -F _${name} ${program}
`,
  zsh: (program, name) => `#compdef ${program}
# zsh completion for ${program}

_${name}() {
    local line directive=4
    local -a lines candidates
    lines=("\${(@f)$("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "\${lines[@]}"; do
        if [[ $line == :* ]]; then
            directive=\${line#:}
        elif [[ -n $line ]]; then
            line=\${line//:/\\\\:}
            candidates+=("\${line/$'\\t'/:}")
        fi
    done
    if [[ $directive == 0 ]]; then
        _files
    else
        _describe '${program}' candidates
    fi
}

if [[ \${funcstack[1]} == _${name} ]]; then
    _${name}
else
    compdef _${name} ${program}
fi
`,
  fish: (program, name) => `# fish completion for ${program}

function __${name}_complete
    set -l line (commandline -opc)
    set -l current (commandline -ct)
    set -l files false
    for candidate in ($line[1] ${COMPLETE} $line[2..-1] "$current" 2>/dev/null)
        switch $candidate
            case ':0'
                set files true
            case ':*'
            case '*'
                echo $candidate
        end
    end
    test $files = true; and __fish_complete_path "$current"
end

complete -c ${program} -f -a '(__${name}_complete)'
`,
  powershell: (program) => `# powershell completion for ${program}

Register-ArgumentCompleter -Native -CommandName '${program}' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { "$_" })
    $line = @($elements | Select-Object -Skip 1)
    # Older versions drop an empty argument.
    if ($wordToComplete -eq '') { $line += $(if ($PSVersionTable.PSVersion -ge [version]'7.3') { '' } else { '""' }) }
    $answer = @(& $elements[0] ${COMPLETE} @line 2>$null)
    $candidates = @($answer | Where-Object { $_ -notlike ':*' })
    foreach ($candidate in $candidates) {
        $word, $description = $candidate -split "\`t", 2
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
    }
    # Nothing at all would have file names offered.
    if ($candidates.Count -eq 0 -and $answer -notcontains ':0') { '' }
}
`,
};

const shells = Object.keys(scripts);

export const completion: Verb = {
  name: 'completion',
  operands: shells.join('|'),
  completes: shells,
  summary: 'print a script that has a shell complete commands, flags and names',
  flags: {},
  run: async ({ world, names }) => {
    const [shell, ...more] = names;
    const script = shell === undefined ? undefined : scripts[shell];
    if (shell === undefined || script === undefined || more.length > 0) {
      const what = shell === undefined ? 'needs the name of a shell' : `cannot do ${names.join(' ')}`;
      throw new UsageError(`completion ${what}; known are ${shells.join(', ')}`, completion);
    }
    // kubectl finds the program of \`kubectl headgate\` by this name.
    const program = world.program.replaceAll(' ', '-');
    world.stdout(script(program, program.replaceAll('-', '_')));
    return 0;
  },
};
