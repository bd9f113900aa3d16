# Completion of wakegate for bash. The program itself knows what a word may become, ids of nodes and images included.
_wakegate() {
	local word=${COMP_WORDS[COMP_CWORD]} candidate
	COMPREPLY=()
	while IFS= read -r candidate; do
		if [ "$candidate" = ":files" ]; then
			compopt -o filenames
			while IFS= read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(compgen -f -- "$word")
		else
			COMPREPLY+=("$candidate")
		fi
	done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _wakegate wakegate
