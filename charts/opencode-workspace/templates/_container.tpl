{{/* Identifiers in order: by name, then by dependsOn; those in a circle are left out. Argument: map of items. Gives a JSON list. */}}
{{- define "opencode-workspace.order" -}}
{{- $waiting := keys . | sortAlpha -}}
{{- $done := list -}}
{{- $dependent := false -}}
{{- range . }}{{ if kindIs "map" . }}{{ if .dependsOn }}{{ $dependent = true }}{{ end }}{{ end }}{{ end -}}
{{- if $dependent -}}
  {{- range $waiting -}}
    {{- $next := "" -}}
    {{- range $id := $waiting -}}
      {{- if and (not $next) (not (has $id $done)) -}}
        {{- $blocked := false -}}
        {{- range include "opencode-workspace.dependencies" (get $ $id) | fromJsonArray -}}
          {{- if and (hasKey $ .) (not (has . $done)) }}{{ $blocked = true }}{{ end -}}
        {{- end -}}
        {{- if not $blocked }}{{ $next = $id }}{{ end -}}
      {{- end -}}
    {{- end -}}
    {{- if $next }}{{ $done = append $done $next }}{{ end -}}
  {{- end -}}
{{- else -}}
  {{- $done = $waiting -}}
{{- end -}}
{{- toJson $done -}}
{{- end -}}

{{/* What an item's dependsOn names: one identifier or a list. Argument: item. Gives a JSON list. */}}
{{- define "opencode-workspace.dependencies" -}}
{{- $named := list -}}
{{- if kindIs "map" . -}}
  {{- $named = kindIs "slice" .dependsOn | ternary .dependsOn (list .dependsOn | compact) -}}
{{- end -}}
{{- toJson $named -}}
{{- end -}}

{{/* A number without exponent, a boolean or a text, as text. Argument: scalar. */}}
{{- define "opencode-workspace.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* A reference to a Secret, a ConfigMap or a field, with its name evaluated. Argument: dict root value. */}}
{{- define "opencode-workspace.reference" -}}
{{- with .value.name }}
name: {{ include "opencode-workspace.tpl" (dict "root" $.root "value" .) | quote }}
{{- end -}}
{{- range $field := list "apiVersion" "containerName" "divisor" "fieldPath" "key" "resource" -}}
{{- if hasKey $.value $field }}
{{ $field }}: {{ include "opencode-workspace.text" (get $.value $field) | quote }}
{{- end -}}
{{- end -}}
{{- if hasKey .value "optional" }}
optional: {{ .value.optional }}
{{- end -}}
{{- end -}}

{{/* env of a container. Argument: dict root value (map). */}}
{{- define "opencode-workspace.env" -}}
{{- range $name := include "opencode-workspace.order" .value | fromJsonArray }}
{{- $entry := get $.value $name }}
{{- $source := "" }}
{{- $scalar := $entry }}
{{- if kindIs "map" $entry }}
  {{- $from := $entry.valueFrom | default $entry }}
  {{- range $kind := list "configMapKeyRef" "fieldRef" "resourceFieldRef" "secretKeyRef" }}
    {{- if hasKey $from $kind }}{{ $source = $kind }}{{ $scalar = get $from $kind }}{{ end }}
  {{- end }}
  {{- if not $source }}{{ $scalar = $entry.value }}{{ end }}
{{- end }}
- name: {{ $name | quote }}
  {{- if $source }}
  valueFrom:
    {{ $source }}:
      {{- include "opencode-workspace.reference" (dict "root" $.root "value" $scalar) | trim | nindent 6 }}
  {{- else }}
  value: {{ include "opencode-workspace.tpl" (dict "root" $.root "value" (include "opencode-workspace.text" $scalar)) | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* envFrom of a container. Argument: dict root value (list). */}}
{{- define "opencode-workspace.envFrom" -}}
{{- range .value }}
{{- $kind := hasKey . "secretRef" | ternary "secretRef" "configMapRef" }}
- {{ $kind }}:
    {{- include "opencode-workspace.reference" (dict "root" $.root "value" (get . $kind)) | trim | nindent 4 }}
  {{- with .prefix }}
  prefix: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Ports that app declares beside its own: where services point and no container says that it listens. A name that is taken is left out: names are unique in a pod. Argument: root. Gives a JSON list of container ports. */}}
{{- define "opencode-workspace.servedPorts" -}}
{{- $ports := list -}}
{{- $seen := list -}}
{{- $names := list -}}
{{- range $group := list "initContainers" "containers" -}}
  {{- range $id, $container := include "opencode-workspace.enabled" (get $.Values.controllers.workspace $group) | fromJson -}}
    {{- range $container.ports -}}
      {{- $seen = append $seen (printf "%d/%s" (int64 .containerPort) (.protocol | default "TCP")) -}}
      {{- $names = append $names .name -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $id, $service := include "opencode-workspace.enabled" .Values.service | fromJson -}}
  {{- range $name, $port := include "opencode-workspace.enabled" $service.ports | fromJson -}}
    {{- $target := $port.targetPort | default $port.port -}}
    {{- $protocol := has $port.protocol (list "UDP" "SCTP") | ternary $port.protocol "TCP" -}}
    {{- $number := printf "%d/%s" (int64 $target) $protocol -}}
    {{- if not (or (kindIs "string" $target) (has $number $seen)) -}}
      {{- $declared := dict "containerPort" (int64 $target) "protocol" $protocol -}}
      {{- if not (has $name $names) }}{{ $_ := set $declared "name" $name }}{{ end -}}
      {{- $seen = append $seen $number -}}
      {{- $names = append $names $name -}}
      {{- $ports = append $ports $declared -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $ports -}}
{{- end -}}

{{/* The port that a probe without one asks: where the main service points. Empty when that is not a number. Argument: root. */}}
{{- define "opencode-workspace.probedPort" -}}
{{- $service := get .Values.service (include "opencode-workspace.mainService" .) | default dict -}}
{{- $number := include "opencode-workspace.servicePort" (dict "service" $service) -}}
{{- $found := "" -}}
{{- range $name, $port := include "opencode-workspace.enabled" $service.ports | fromJson -}}
  {{- if and (not $found) (eq (int64 $port.port | toString) $number) -}}
    {{- $target := $port.targetPort | default $port.port -}}
    {{- if not (kindIs "string" $target) }}{{ $found = int64 $target }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* A probe. With a type: that handler and the timing of spec; else spec, where any other handler wins over the chart's httpGet. Argument: dict root probe. */}}
{{- define "opencode-workspace.probe" -}}
{{- $handlers := list "exec" "grpc" "tcpSocket" "httpGet" -}}
{{- $spec := .probe.spec -}}
{{- $handler := dict -}}
{{- if or .probe.type (not .probe.custom) -}}
  {{- $type := toString .probe.type -}}
  {{- $port := .probe.port | default (include "opencode-workspace.probedPort" .root | int64) -}}
  {{- $handler = dict "tcpSocket" (dict "port" $port) -}}
  {{- if eq $type "GRPC" }}{{ $handler = dict "grpc" (dict "port" $port) }}{{ end -}}
  {{- if hasPrefix "HTTP" $type }}{{ $handler = dict "httpGet" (dict "path" (.probe.path | default "/site.webmanifest") "port" $port "scheme" $type) }}{{ end -}}
{{- else -}}
  {{- range $name := $handlers -}}
    {{- if and (not $handler) (hasKey $spec $name) }}{{ $handler = pick $spec $name }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- merge dict $handler (omit $spec "exec" "grpc" "tcpSocket" "httpGet") | include "opencode-workspace.yaml" -}}
{{- end -}}

{{/* Image name. Argument: image. */}}
{{- define "opencode-workspace.image" -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* A container. Argument: dict root id container. */}}
{{- define "opencode-workspace.container" -}}
{{- $root := .root -}}
{{- $container := .container -}}
{{- $ports := $container.ports | default list -}}
{{- if eq .id "app" }}{{ $ports = concat $ports (include "opencode-workspace.servedPorts" .root | fromJsonArray) }}{{ end -}}
- name: {{ .id | quote }}
  image: {{ include "opencode-workspace.image" .container.image | quote }}
  {{- with .container.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  {{- with .container.restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- range $field := list "command" "args" }}
  {{- with get $container $field }}
  {{ $field }}:
    {{- range kindIs "string" . | ternary (list .) . }}
    - {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with .container.workingDir }}
  workingDir: {{ . | quote }}
  {{- end }}
  {{- with .container.env }}
  env:
    {{- include "opencode-workspace.env" (dict "root" $root "value" .) | trim | nindent 4 }}
  {{- end }}
  {{- with .container.envFrom }}
  envFrom:
    {{- include "opencode-workspace.envFrom" (dict "root" $root "value" .) | trim | nindent 4 }}
  {{- end }}
  {{- with $ports }}
  ports:
    {{- include "opencode-workspace.yaml" . | nindent 4 }}
  {{- end }}
  {{- range $kind, $probe := .container.probes }}
  {{- if $probe.enabled }}
  {{ $kind }}Probe:
    {{- include "opencode-workspace.probe" (dict "root" $root "probe" $probe) | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .container.resources }}
  resources:
    {{- range $kind, $amounts := . }}
    {{- with $amounts }}
    {{ $kind }}:
      {{- range $resource, $amount := . }}
      {{ $resource }}: {{ include "opencode-workspace.text" $amount | quote }}
      {{- end }}
    {{- end }}
    {{- end }}
  {{- end }}
  {{- range $field := list "lifecycle" "securityContext" }}
  {{- with get $container $field }}
  {{ $field }}:
    {{- include "opencode-workspace.yaml" . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- range $field := list "stdin" "tty" }}
  {{- if hasKey $container $field }}
  {{ $field }}: {{ get $container $field }}
  {{- end }}
  {{- end }}
  {{- range $field := list "terminationMessagePath" "terminationMessagePolicy" }}
  {{- with get $container $field }}
  {{ $field }}: {{ . | quote }}
  {{- end }}
  {{- end }}
  {{- with include "opencode-workspace.volumeMounts" (dict "root" .root "id" .id) }}
  volumeMounts:
    {{- . | trim | nindent 4 }}
  {{- end }}
{{- end -}}
