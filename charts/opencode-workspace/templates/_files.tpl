{{/* passwd of the pod: ssh refuses to run as a uid that has no entry. Argument: root. */}}
{{- define "opencode-workspace.passwd" -}}
{{- $pod := include "opencode-workspace.podOptions" . | fromJson -}}
{{- $home := (index .Values.persistence.config.advancedMounts.workspace.app 0).path -}}
root:x:0:0:root:/root:/bin/sh
{{- range $uid := include "opencode-workspace.uids" . | fromJsonArray }}
{{- if $uid }}
opencode{{ if ne (int64 $uid) (int64 (dig "securityContext" "runAsUser" 1000 $pod)) }}-{{ int64 $uid }}{{ end }}:x:{{ int64 $uid }}:{{ dig "securityContext" "runAsGroup" $uid $pod | int64 }}:OpenCode:{{ $home }}:/bin/sh
{{- end }}
{{- end }}
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
{{ end -}}

{{/* System-wide configuration of git, so that ~/.gitconfig wins over it. The key is for an app that mounts persistence.deploy-key. Argument: root. */}}
{{- define "opencode-workspace.gitconfig" -}}
{{- $key := index .Values.persistence "deploy-key" | default dict -}}
{{- $keyMounts := dig "enabled" true $key | ternary (dig "advancedMounts" "workspace" "app" list $key) list -}}
[user]
{{- range $field := list "name" "email" }}
    {{ $field }} = "{{ get $.Values.workspace.user $field | replace "\\" "\\\\" | replace "\"" "\\\"" }}"
{{- end }}
[safe]
    directory = "{{ .Values.workspace.directory }}"
[core]
    sshCommand = ssh -o GlobalKnownHostsFile=/scripts/known_hosts{{ range $keyMounts }} -i '{{ .path }}{{ if not .subPath }}/id{{ end }}'{{ end }}
{{ end -}}
