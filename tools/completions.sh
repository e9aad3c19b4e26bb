#!/bin/sh
# Completions of a shell, from the program's own help: its commands, and each one's words and options.
#   tools/completions.sh bash|zsh|fish TOCHOKU
set -eu
shell=$1 tochoku=$2

# command <TAB> summary
commands() { "$tochoku" --help | sed -n 's/^  \([a-z]*\)  *\(.*\)$/\1\t\2/p' | grep -v '^$' | grep -v '^	'; }
# The options in a command's help, and the words that may stand behind its name.
options() { "$tochoku" "$1" --help | sed '/tcpdump/d; s/tochoku \[\{0,1\}-c//' | grep -oE -e '(^|[^[:alnum:]-])--?[a-z][a-z-]*' | grep -oE -e '--[a-z][a-z-]+|-[a-z]$' | sort -u; }
words() { "$tochoku" "$1" --help | sed -n "s/^\(Example: *\|  *\)\{0,1\}tochoku $1 \([a-z][a-z-]*\).*/\2/p" | sort -u; }
all() { { words "$1"; options "$1"; echo --help; } | sort -u | tr '\n' ' ' | sed 's/ $//'; }

bash_completion() {
	printf '%s\n' '# bash completion for tochoku; made by tools/completions.sh' '_tochoku()' '{' \
		'	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i=1 command= words' \
		'	while [ "$i" -lt "$COMP_CWORD" ]; do' \
		'		case ${COMP_WORDS[i]} in' '		-c) i=$((i + 1)) ;;' '		-*) ;;' \
		'		*) command=${COMP_WORDS[i]}; break ;;' '		esac' '		i=$((i + 1))' '	done' \
		'	case $prev in -c|-o|--rules|--prices|--keylog|--lists) command=-file ;; esac' '	case $command in'
	printf '	"") words="%s -c --help --version" ;;\n' "$(commands | cut -f1 | tr '\n' ' ' | sed 's/ $//')"
	commands | cut -f1 | while read -r c; do printf '	%s) words="%s" ;;\n' "$c" "$(all "$c")"; done
	printf '%s\n' '	*) words= ;;' '	esac' '	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")' '}' \
		'complete -o default -F _tochoku tochoku'
}

zsh_completion() {
	printf '%s\n' '#compdef tochoku' '# made by tools/completions.sh' 'local -a commands' 'commands=('
	commands | sed "s/'/'\\\\''/g; s/:/\\\\:/g; s/^\([a-z]*\)	\(.*\)$/	'\1:\2'/"
	printf '%s\n' ')' 'local command=${words[(r)(${(j:|:)${commands%%:*}})]}' 'case $command in'
	commands | cut -f1 | while read -r c; do printf '%s) compadd -- %s; _files ;;\n' "$c" "$(all "$c")"; done
	printf '%s\n' '*)' '	if [[ ${words[CURRENT-1]} == -c ]]; then _files; else' \
		"		_describe command commands; compadd -- -c --help --version" '	fi ;;' 'esac'
}

fish_completion() {
	echo '# fish completion for tochoku; made by tools/completions.sh'
	commands | while IFS='	' read -r c summary; do
		printf "complete -c tochoku -n __fish_use_subcommand -f -a %s -d '%s'\n" "$c" "$(printf %s "$summary" | sed "s/'/\\\\'/g")"
	done
	echo 'complete -c tochoku -n __fish_use_subcommand -s c -r -F -d configuration'
	echo 'complete -c tochoku -n __fish_use_subcommand -l version -f'
	commands | cut -f1 | while read -r c; do
		for o in $(all "$c"); do
			case $o in
			--*) o="-l ${o#--}" ;;
			-*) o="-s ${o#-} -r" ;;
			*) o="-a $o" ;;
			esac
			printf "complete -c tochoku -n '__fish_seen_subcommand_from %s' %s\n" "$c" "$o"
		done
	done
}

case $shell in
bash|zsh|fish) "${shell}_completion" ;;
*) echo "tools/completions.sh: unknown shell '$shell', expected bash, zsh or fish" >&2; exit 2 ;;
esac
