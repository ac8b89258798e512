{{/* Mounts of one container, sorted by volume. Argument: dict root id. */}}
{{- define "opencode-workspace.volumeMounts" -}}
{{- range $volume, $item := .root.Values.persistence }}
{{- if dig "enabled" true $item }}
{{- range $mount := dig "advancedMounts" "workspace" $.id list $item }}
- name: {{ $volume | quote }}
  mountPath: {{ $mount.path | quote }}
  {{- with $mount.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- with $mount.readOnly }}
  readOnly: {{ . }}
  {{- end }}
  {{- with $mount.mountPropagation }}
  mountPropagation: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Volumes of the pod: those that an enabled container mounts. Argument: dict root containers (map of enabled ones). */}}
{{- define "opencode-workspace.volumes" -}}
{{- range $volume, $item := .root.Values.persistence }}
{{- $mounted := false }}
{{- range $id, $mounts := dig "advancedMounts" "workspace" dict $item }}
  {{- if and $mounts (hasKey $.containers $id) }}{{ $mounted = true }}{{ end }}
{{- end }}
{{- if and $mounted (dig "enabled" true $item) }}
- name: {{ $volume | quote }}
  {{- include "opencode-workspace.volumeSource" (dict "root" $.root "id" $volume "item" $item) | trim | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where a volume comes from. Argument: dict root id item. */}}
{{- define "opencode-workspace.volumeSource" -}}
{{- $type := .item.type | default "persistentVolumeClaim" -}}
{{- if eq $type "persistentVolumeClaim" }}
persistentVolumeClaim:
  {{- $claim := include "opencode-workspace.claimName" (dict "root" .root "id" .id) }}
  claimName: {{ include "opencode-workspace.tpl" (dict "root" .root "value" (.item.existingClaim | default $claim)) | quote }}
{{- else if has $type (list "secret" "configMap") }}
{{ $type }}:
  {{ eq $type "secret" | ternary "secretName" "name" }}: {{ include "opencode-workspace.tpl" (dict "root" .root "value" .item.name) | quote }}
  {{- if hasKey .item "defaultMode" }}
  defaultMode: {{ int64 .item.defaultMode }}
  {{- end }}
  {{- with .item.optional }}
  optional: {{ . }}
  {{- end }}
  {{- with .item.items }}
  items:
    {{- include "opencode-workspace.yaml" . | nindent 4 }}
  {{- end }}
{{- else if eq $type "emptyDir" }}
emptyDir:
  {{- $fields := dict }}
  {{- with .item.medium }}{{ $_ := set $fields "medium" . }}{{ end }}
  {{- with .item.sizeLimit }}{{ $_ := set $fields "sizeLimit" (include "opencode-workspace.text" .) }}{{ end }}
  {{- include "opencode-workspace.yaml" $fields | nindent 2 }}
{{- else if eq $type "nfs" }}
nfs:
  server: {{ .item.server | quote }}
  path: {{ .item.path | quote }}
{{- else if eq $type "hostPath" }}
hostPath:
  path: {{ .item.hostPath | quote }}
  {{- with .item.hostPathType }}
  type: {{ . | quote }}
  {{- end }}
{{- else }}
{{- include "opencode-workspace.yaml" .item.volumeSpec | nindent 0 }}
{{- end }}
{{- end -}}
