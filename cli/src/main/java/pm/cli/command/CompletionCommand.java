package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class CompletionCommand implements Command {
  static final List<String> SHELLS = List.of("bash", "zsh", "fish");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "completion",
        List.of(),
        "prints the script that completes command lines in a shell",
        "Prints a script for bash, zsh or fish. With it the Tab key completes commands, options, their values, and the names of"
            + " programs, instances and groups as the daemon knows them.",
        new Operands("SHELL", 1, 1, "bash, zsh or fish."),
        List.of(),
        List.of(
            "pmctl completion bash > /usr/share/bash-completion/completions/pmctl",
            "pmctl completion zsh > \"${fpath[1]}/_pmctl\"",
            "pmctl completion fish > ~/.config/fish/completions/pmctl.fish"),
        List.of(new Syntax.Exit(ExitCode.DONE, "printed")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    String shell = session.arguments().operands().getFirst();
    session
        .out()
        .print(
            switch (shell) {
              case "bash" -> BASH;
              case "zsh" -> ZSH;
              case "fish" -> FISH;
              default ->
                  throw new CommandFailure(
                      ExitCode.USAGE,
                      "completion: '"
                          + shell
                          + "' is not known. Write one of "
                          + String.join(", ", SHELLS)
                          + ".");
            });
    return ExitCode.DONE;
  }

  /**
   * Bash takes words apart at {@code @}, {@code :} and {@code =} and replaces only what is behind
   * the last of them, so what stands before is cut off what is offered.
   */
  private static final String BASH =
      """
      # bash completion for pmctl. To try it: source <(pmctl completion bash)
      _pmctl() {
        local line=${COMP_LINE:0:COMP_POINT} current= program candidate
        local -a words candidates
        read -ra words <<< "$line"
        if [[ $line == *[![:space:]] ]]; then
          current=${words[-1]}
          unset 'words[-1]'
        fi
        program=${words[0]}
        command -v -- "$program" > /dev/null 2>&1 || program=pmctl
        mapfile -t candidates < <("$program" __complete "${words[@]:1}" "$current" 2> /dev/null)
        COMPREPLY=()
        local cut=
        [[ $current != *[@:=]* ]] || cut=${current%"${current##*[@:=]}"}
        for candidate in "${candidates[@]}"; do
          case $candidate in
            :files)
              compopt -o filenames
              mapfile -t COMPREPLY < <(compgen -f -- "${current#"$cut"}")
              ;;
            :folders)
              compopt -o filenames
              mapfile -t COMPREPLY < <(compgen -d -- "${current#"$cut"}")
              ;;
            :commands)
              mapfile -t COMPREPLY < <(compgen -c -- "$current")
              ;;
            *)
              candidate=${candidate%%$'\\t'*}
              [[ $candidate != *= ]] || compopt -o nospace
              COMPREPLY+=("${candidate#"$cut"}")
              ;;
          esac
        done
      }
      complete -F _pmctl pmctl
      """;

  private static final String ZSH =
      """
      #compdef pmctl
      # zsh completion for pmctl. To try it, after compinit: source <(pmctl completion zsh)
      _pmctl() {
        local program=${words[1]} line
        local -a lines described joined
        (( $+commands[$program] )) || [[ -x $program ]] || program=pmctl
        lines=("${(@f)$("$program" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}")
        for line in $lines; do
          case $line in
            :files) compset -P '--*='; _files ;;
            :folders) compset -P '--*='; _files -/ ;;
            :commands) _command_names -e ;;
            *=) joined+=("$line") ;;
            *$'\\t'*) described+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}") ;;
            *) described+=("${line//:/\\\\:}") ;;
          esac
        done
        (( $#joined )) && compadd -S '' -a joined
        (( $#described )) && _describe -V pmctl described
      }
      if [[ ${funcstack[1]} == _pmctl ]]; then
        _pmctl "$@"
      else
        compdef _pmctl pmctl
      fi
      """;

  private static final String FISH =
      """
      # fish completion for pmctl. To try it: pmctl completion fish | source
      function __pmctl_complete
          set -l words (commandline -opc)
          set -l current (commandline -ct)
          set -l option (string match -r '^--[a-z-]+=' -- "$current")
          set -l value (string replace -r '^--[a-z-]+=' '' -- "$current")
          set -l program $words[1]
          command -q -- $program; or set program pmctl
          for line in ($program __complete $words[2..-1] "$current" 2> /dev/null)
              switch $line
                  case ':files'
                      printf "$option%s\\n" (__fish_complete_path "$value")
                  case ':folders'
                      printf "$option%s\\n" (__fish_complete_directories "$value" '')
                  case ':commands'
                      complete -C "$current"
                  case '*'
                      printf '%s\\n' $line
              end
          end
      end
      complete -c pmctl -f -k -a '(__pmctl_complete)'
      """;
}
