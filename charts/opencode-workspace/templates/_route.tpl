{{/* Identifier of the service that the workspace answers on: app, or the first there is; empty when there is none. Argument: root. */}}
{{- define "opencode-workspace.mainService" -}}
{{- $services := include "opencode-workspace.enabled" .Values.service | fromJson -}}
{{- if hasKey $services "app" }}app{{ else if $services }}{{ keys $services | sortAlpha | first }}{{ end -}}
{{- end -}}

{{/* Number of the port a backendRef means: by number, by name, or the primary one. Empty when there is none. Argument: dict service (item); optional port (number or name). */}}
{{- define "opencode-workspace.servicePort" -}}
{{- $wanted := .port -}}
{{- $found := "" -}}
{{- $first := "" -}}
{{- range $name, $port := .service.ports -}}
  {{- if dig "enabled" true $port -}}
    {{- if not $first }}{{ $first = int64 $port.port }}{{ end -}}
    {{- if kindIs "string" $wanted -}}
      {{- if eq $name $wanted }}{{ $found = int64 $port.port }}{{ end -}}
    {{- else if $wanted -}}
      {{- if eq (int64 $wanted) (int64 $port.port) }}{{ $found = int64 $port.port }}{{ end -}}
    {{- else if and $port.primary (not $found) -}}
      {{- $found = int64 $port.port -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if $wanted }}{{ $found }}{{ else }}{{ $found | default $first }}{{ end -}}
{{- end -}}

{{/* Backends of a rule: as written; the single service when there are none and nothing redirects. Argument: dict root rule. Gives a JSON list. */}}
{{- define "opencode-workspace.backends" -}}
{{- $services := include "opencode-workspace.enabled" .root.Values.service | fromJson -}}
{{- $backends := .rule.backendRefs -}}
{{- if and (not $backends) (eq (len $services) 1) (not (include "opencode-workspace.redirects" .rule)) -}}
  {{- $backends = list (dict "identifier" (index (keys $services) 0)) -}}
{{- end -}}
{{- toJson $backends -}}
{{- end -}}

{{/* Not empty when a rule redirects, and so has no backend and no time to wait for one. Argument: rule. */}}
{{- define "opencode-workspace.redirects" -}}
{{- range .filters }}{{ if eq (toString .type) "RequestRedirect" }}redirects{{ end }}{{ end -}}
{{- end -}}
