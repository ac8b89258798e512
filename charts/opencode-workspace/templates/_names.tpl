{{/* Evaluates a string that may hold template text. Argument: dict root value. The release's name, by far the most frequent, is put in by hand: Helm copies every template for each tpl. */}}
{{- define "opencode-workspace.tpl" -}}
{{- $value := .value | replace "{{ .Release.Name }}" .root.Release.Name -}}
{{- if contains "{{" $value }}{{ tpl $value .root }}{{ else }}{{ $value }}{{ end -}}
{{- end -}}

{{/* A value as YAML. toYaml says nothing when it fails, and a security context would be gone, and it makes a blank of U+0085. Argument: any value. */}}
{{- define "opencode-workspace.yaml" -}}
{{- $text := toYaml . -}}
{{- if or (not $text) (contains "\u0085" (toJson .)) -}}
  {{- fail (printf "a text in %s holds a character that YAML cannot hold, such as U+007F. Take it out." (toJson . | trunc 200)) -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* Name of one of several objects of a kind: the release, with the identifier when there are more. Argument: dict root items id. */}}
{{- define "opencode-workspace.nameOf" -}}
{{- $enabled := list -}}
{{- range $id, $item := .items -}}
  {{- if dig "enabled" true $item }}{{ $enabled = append $enabled $id }}{{ end -}}
{{- end -}}
{{- if gt (len $enabled) 1 }}{{ .root.Release.Name }}-{{ .id }}{{ else }}{{ .root.Release.Name }}{{ end -}}
{{- end -}}

{{/* Name of a claim. Only config bears the release's name, however many there are: a claim that changed its name would lose its data. Argument: dict root id. */}}
{{- define "opencode-workspace.claimName" -}}
{{- if eq .id "config" }}{{ .root.Release.Name }}{{ else }}{{ .root.Release.Name }}-{{ .id }}{{ end -}}
{{- end -}}

{{/* What ties Service, NetworkPolicy and Deployment to the pod. Frozen: a Deployment's selector cannot be changed. Argument: root. */}}
{{- define "opencode-workspace.selector" -}}
app.kubernetes.io/controller: workspace
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ .Release.Name | quote }}
{{- end -}}

{{/* A version as the value of a label. Argument: string. */}}
{{- define "opencode-workspace.label" -}}
{{ regexReplaceAll "[^A-Za-z0-9]+$" (replace "+" "_" . | trunc 63) "" }}
{{- end -}}

{{/* A map of strings with templated values, sorted by key. Argument: dict root value. */}}
{{- define "opencode-workspace.stringMap" -}}
{{- $root := .root -}}
{{- range $key, $value := .value }}
{{ $key | quote }}: {{ include "opencode-workspace.tpl" (dict "root" $root "value" $value) | quote }}
{{- end -}}
{{- end -}}

{{/* metadata of an object. Its labels are never the pod's: a new chart version must not restart a workspace. Argument: dict root name; optional labels, annotations (maps of the item), own (labels of this kind). */}}
{{- define "opencode-workspace.metadata" -}}
{{- $global := .root.Values.global -}}
{{- $chart := .root.Chart -}}
{{- $common := dict
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/name" .root.Release.Name
  "app.kubernetes.io/version" (include "opencode-workspace.label" $chart.AppVersion)
  "helm.sh/chart" (include "opencode-workspace.label" (printf "%s-%s" $chart.Name $chart.Version))
-}}
{{- $labels := merge $common (.own | default dict) (.labels | default dict) ($global.labels | default dict) -}}
{{- $annotations := merge dict (.annotations | default dict) ($global.annotations | default dict) -}}
name: {{ .name | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "opencode-workspace.stringMap" (dict "root" .root "value" $labels) | trim | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- include "opencode-workspace.stringMap" (dict "root" $.root "value" .) | trim | nindent 2 }}
{{- end }}
{{- end -}}
