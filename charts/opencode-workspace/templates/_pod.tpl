{{/* Enabled items of a map, as JSON. Argument: map. */}}
{{- define "opencode-workspace.enabled" -}}
{{- $enabled := dict -}}
{{- range $id, $item := . -}}
  {{- if dig "enabled" true $item }}{{ $_ := set $enabled $id $item }}{{ end -}}
{{- end -}}
{{- toJson $enabled -}}
{{- end -}}

{{/* Options of the pod: those of the controller replace the default ones, field by field. Argument: root. Gives JSON. */}}
{{- define "opencode-workspace.podOptions" -}}
{{- $options := dict -}}
{{- range $field, $value := .Values.defaultPodOptions }}{{ $_ := set $options $field $value }}{{ end -}}
{{- range $field, $value := .Values.controllers.workspace.pod }}{{ $_ := set $options $field $value }}{{ end -}}
{{- toJson $options -}}
{{- end -}}

{{/* ServiceAccount of the pod. Argument: root. */}}
{{- define "opencode-workspace.serviceAccountName" -}}
{{- $other := dig "serviceAccount" "name" "" .Values.controllers.workspace -}}
{{- if $other }}{{ include "opencode-workspace.tpl" (dict "root" . "value" $other) -}}
{{- else if dig "workspace" "enabled" true (.Values.serviceAccount | default dict) }}{{ .Release.Name -}}
{{- else }}default{{ end -}}
{{- end -}}

{{/* imagePullSecrets. Argument: dict root value (list). */}}
{{- define "opencode-workspace.pullSecrets" -}}
{{- range .value }}
- name: {{ include "opencode-workspace.tpl" (dict "root" $.root "value" .name) | quote }}
{{- end -}}
{{- end -}}

{{/* metadata and spec of the pod. No chart version, no checksum: neither a new chart nor a new script may restart a workspace. Argument: root. */}}
{{- define "opencode-workspace.pod" -}}
{{- $root := . -}}
{{- $options := include "opencode-workspace.podOptions" . | fromJson -}}
{{- $controller := .Values.controllers.workspace -}}
{{- $initContainers := include "opencode-workspace.enabled" $controller.initContainers | fromJson -}}
{{- $containers := include "opencode-workspace.enabled" $controller.containers | fromJson -}}
metadata:
  labels:
    {{- include "opencode-workspace.selector" . | nindent 4 }}
    {{- with omit ($options.labels | default dict) "app.kubernetes.io/controller" "app.kubernetes.io/instance" "app.kubernetes.io/name" }}
    {{- include "opencode-workspace.stringMap" (dict "root" $root "value" .) | trim | nindent 4 }}
    {{- end }}
  {{- with $options.annotations }}
  annotations:
    {{- include "opencode-workspace.stringMap" (dict "root" $root "value" .) | trim | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "opencode-workspace.serviceAccountName" . | quote }}
  {{- with $options.imagePullSecrets }}
  imagePullSecrets:
    {{- include "opencode-workspace.pullSecrets" (dict "root" $root "value" .) | trim | nindent 4 }}
  {{- end }}
  {{- with omit $options "annotations" "labels" "imagePullSecrets" }}
  {{- include "opencode-workspace.yaml" . | nindent 2 }}
  {{- end }}
  {{- with $initContainers }}
  initContainers:
    {{- range $id := include "opencode-workspace.order" . | fromJsonArray }}
    {{- include "opencode-workspace.container" (dict "root" $root "id" $id "container" (get $initContainers $id)) | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    {{- range $id := include "opencode-workspace.order" $containers | fromJsonArray }}
    {{- include "opencode-workspace.container" (dict "root" $root "id" $id "container" (get $containers $id)) | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "opencode-workspace.volumes" (dict "root" . "containers" (merge dict $initContainers $containers)) | trim | nindent 4 }}
{{- end -}}

{{/* uids that the pod's processes may have. Argument: root. Gives a JSON list. */}}
{{- define "opencode-workspace.uids" -}}
{{- $options := include "opencode-workspace.podOptions" . | fromJson -}}
{{- $uids := list (dig "securityContext" "runAsUser" 1000 $options | int64) -}}
{{- range $group := list "initContainers" "containers" -}}
  {{- range $id, $container := get $.Values.controllers.workspace $group -}}
    {{- if hasKey ($container.securityContext | default dict) "runAsUser" }}{{ $uids = append $uids (int64 $container.securityContext.runAsUser) }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- toJson (uniq $uids) -}}
{{- end -}}
