{{/*
What the schema cannot say: references between values, and messages that must not repeat a value.
Each template below prints one line per mistake; all are gathered and told at once.
*/}}
{{- define "opencode-workspace.validate" -}}
{{- $mistakes := "" -}}
{{- range list "workspace" "controllers" "containers" "persistence" "services" "routes" "networkpolicies" "global" -}}
  {{- $mistakes = print $mistakes (include (printf "opencode-workspace.validate.%s" .) $) -}}
{{- end -}}
{{- with $mistakes | trim }}{{ fail (printf "the values do not fit together:\n%s" .) }}{{ end -}}
{{- end -}}

{{/* One line. Argument: dict kind, id (optional), problem, path. */}}
{{- define "opencode-workspace.mistake" -}}
{{ printf "\n- %s" .kind }}{{ with .id }}{{ printf " '%s'" . }}{{ end }}: {{ .problem }} [{{ .path }}]
{{- end -}}

{{- define "opencode-workspace.validate.workspace" -}}
{{- $repository := .Values.workspace.repository -}}
{{- $scp := regexMatch "^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\\s:-][^\\s]*$" $repository -}}
{{- $url := regexMatch "^(ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?|https://([A-Za-z0-9_][A-Za-z0-9._+-]*@)?)([A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?/[^\\s]+$" $repository -}}
{{- if regexMatch "^[a-z+]+://[^/]*:[^/]*@" $repository -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Workspace" "problem" "the repository URL holds a password. Take it out, and put a token under GIT_TOKEN into the Secret." "path" "workspace.repository") -}}
{{- else if regexMatch "^[a-z+]+://(gh[a-z]_|github_pat_|gl[a-z]+-)[^/]*@" $repository -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Workspace" "problem" "the repository URL holds a token. Take it out, and put a token under GIT_TOKEN into the Secret." "path" "workspace.repository") -}}
{{- else if and $repository (not $scp) (not $url) -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Workspace" "problem" "the repository is neither an ssh nor an https URL. Write git@host:owner/name.git, ssh://git@host/owner/name.git or https://host/owner/name.git." "path" "workspace.repository") -}}
{{- end -}}
{{- $outside := list -}}
{{- range $container, $group := dict "app" "containers" "init-workspace" "initContainers" -}}
  {{- $mounts := dig "advancedMounts" "workspace" $container list $.Values.persistence.config -}}
  {{- $home := dig $group $container "env" "HOME" "" $.Values.controllers.workspace -}}
  {{- $kept := false -}}
  {{- range $mounts }}{{ if hasPrefix (printf "%s/" .path) (printf "%v/" $home) }}{{ $kept = true }}{{ end }}{{ end -}}
  {{- if and $mounts (kindIs "string" $home) $home (not $kept) (not (contains "{{" $home)) -}}
    {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $container "problem" (printf "HOME is '%s', where persistence.config is not mounted, so that sessions and logins would be lost. Use %s or a folder below it." $home (first $mounts).path) "path" (printf "controllers.workspace.%s.%s.env.HOME" $group $container)) -}}
  {{- end -}}
  {{- $below := false -}}
  {{- range $mounts }}{{ if hasPrefix (printf "%s/" .path) $.Values.workspace.directory }}{{ $below = true }}{{ end }}{{ end -}}
  {{- if and $mounts (or (not $below) (contains "/../" (printf "%s/" $.Values.workspace.directory))) -}}
    {{- $outside = append $outside (printf "'%s'" $container) -}}
  {{- end -}}
{{- end -}}
{{- with $outside -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Workspace" "problem" (printf "the directory '%s' is not below the path where persistence.config is mounted in %s. Only what lies there is kept: use a folder below it." $.Values.workspace.directory (join " and " .)) "path" "workspace.directory") -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.controllers" -}}
{{- $controller := .Values.controllers.workspace -}}
{{- if not (dig "enabled" true $controller.containers.app) -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" "app" "problem" "it cannot be disabled. To park the workspace, set controllers.workspace.replicas to 0." "path" "controllers.workspace.containers.app.enabled") -}}
{{- end -}}
{{- range $id, $container := $controller.initContainers -}}
  {{- if hasKey $controller.containers $id -}}
    {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" "an init container has the same identifier. Rename one." "path" (printf "controllers.workspace.containers.%s" $id)) -}}
  {{- end -}}
{{- end -}}
{{- range $group := list "initContainers" "containers" -}}
  {{- $items := get $controller $group -}}
  {{- range $id, $container := $items -}}
    {{- include "opencode-workspace.validate.dependsOn" (dict "kind" "Container" "id" $id "items" $items "item" $container "path" (printf "controllers.workspace.%s.%s.dependsOn" $group $id)) -}}
  {{- end -}}
  {{- include "opencode-workspace.validate.cycle" (dict "kind" (printf "Controller 'workspace', %s" $group) "items" $items "path" (printf "controllers.workspace.%s" $group)) -}}
{{- end -}}
{{- end -}}

{{/* Argument: dict kind id items item path. */}}
{{- define "opencode-workspace.validate.dependsOn" -}}
{{- range include "opencode-workspace.dependencies" .item | fromJsonArray -}}
  {{- if not (hasKey $.items .) -}}
    {{- include "opencode-workspace.mistake" (dict "kind" $.kind "id" $.id "problem" (printf "dependsOn names '%s', which does not exist. Use one of: %s." . (keys $.items | sortAlpha | join ", ")) "path" $.path) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Argument: dict kind items path. */}}
{{- define "opencode-workspace.validate.cycle" -}}
{{- $ordered := include "opencode-workspace.order" .items | fromJsonArray -}}
{{- if lt (len $ordered) (len .items) -}}
  {{- $waiting := keys .items | sortAlpha -}}
  {{- range $ordered }}{{ $waiting = without $waiting . }}{{ end -}}
  {{- include "opencode-workspace.mistake" (dict "kind" .kind "problem" (printf "dependsOn goes round in a circle through %s. Take one dependsOn out." (join ", " $waiting)) "path" .path) -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.containers" -}}
{{- $controller := .Values.controllers.workspace -}}
{{- $portNames := dict -}}
{{- range $group := list "initContainers" "containers" -}}
  {{- range $id, $container := get $controller $group -}}
    {{- $path := printf "controllers.workspace.%s.%s" $group $id -}}
    {{- with $container.env -}}
      {{- range $name, $entry := . -}}
        {{- if kindIs "map" $entry -}}
          {{- include "opencode-workspace.validate.dependsOn" (dict "kind" (printf "Container '%s', variable" $id) "id" $name "items" $container.env "item" $entry "path" (printf "%s.env.%s.dependsOn" $path $name)) -}}
          {{- $given := omit $entry "dependsOn" -}}
          {{- if ne (len $given) 1 -}}
            {{- include "opencode-workspace.mistake" (dict "kind" (printf "Container '%s', variable" $id) "id" $name "problem" (printf "it has %s. Give one: value, valueFrom, or a reference." (keys $given | sortAlpha | join " and " | default "no value")) "path" (printf "%s.env.%s" $path $name)) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
      {{- include "opencode-workspace.validate.cycle" (dict "kind" (printf "Container '%s'" $id) "items" . "path" (printf "%s.env" $path)) -}}
    {{- end -}}
    {{- $numbers := list -}}
    {{- range $index, $port := $container.ports -}}
      {{- $number := printf "%d/%s" (int64 $port.containerPort) ($port.protocol | default "TCP") -}}
      {{- if has $number $numbers -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" (printf "port %s is declared twice. Take one out." $number) "path" (printf "%s.ports" $path)) -}}
      {{- end -}}
      {{- $numbers = append $numbers $number -}}
      {{- with $port.name -}}
        {{- if not (include "opencode-workspace.validate.isPortName" .) -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" (printf "'%s' is no name of a port: it needs a letter, and never two dashes in a row." .) "path" (printf "%s.ports" $path)) -}}
        {{- end -}}
        {{- if hasKey $portNames . -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" (printf "the port name '%s' is taken by container '%s'. Rename one: names are unique in a pod." . (get $portNames .)) "path" (printf "%s.ports" $path)) -}}
        {{- end -}}
        {{- $_ := set $portNames . $id -}}
      {{- end -}}
    {{- end -}}
    {{- range $kind, $probe := $container.probes -}}
      {{- $handlers := pick ($probe.spec | default dict) "exec" "grpc" "tcpSocket" "httpGet" -}}
      {{- if and $probe.enabled $probe.custom (not $probe.type) (not $handlers) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" (printf "the %s probe has no handler. Give spec one of: httpGet, tcpSocket, exec, grpc." $kind) "path" (printf "%s.probes.%s.spec" $path $kind)) -}}
      {{- end -}}
      {{- if and $probe.enabled (or $probe.type (not $probe.custom)) (not $probe.port) (not (include "opencode-workspace.probedPort" $)) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Container" "id" $id "problem" (printf "the %s probe has no port, and the service has none that is a number. Give it a port." $kind) "path" (printf "%s.probes.%s.port" $path $kind)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.persistence" -}}
{{- $controller := .Values.controllers.workspace -}}
{{- $known := concat (keys $controller.initContainers) (keys $controller.containers) | sortAlpha -}}
{{- $taken := dict -}}
{{- range $id, $item := .Values.persistence -}}
  {{- if dig "enabled" true $item -}}
    {{- $path := printf "persistence.%s" $id -}}
    {{- if not (regexMatch "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" $id) -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" "it is no name of a volume. Use lower-case letters, digits and dashes, at most 63." "path" $path) -}}
    {{- end -}}
    {{- $count := 0 -}}
    {{- if hasKey $item "globalMounts" -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" (printf "globalMounts mounts it in every container, init containers too. Write advancedMounts: {workspace: {app: [{path: %s}]}}." (dig "path" (printf "/%s" $id) (first (kindIs "slice" $item.globalMounts | ternary $item.globalMounts list) | default dict))) "path" (printf "%s.globalMounts" $path)) -}}
    {{- end -}}
    {{- range $container, $mounts := dig "advancedMounts" "workspace" dict $item -}}
      {{- $count = add $count (len $mounts) -}}
      {{- if not (has $container $known) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" (printf "no container '%s' in controller 'workspace'. Use one of: %s." $container (join ", " $known)) "path" (printf "%s.advancedMounts.workspace.%s" $path $container)) -}}
      {{- end -}}
      {{- range $mount := $mounts -}}
        {{- $place := toJson (list $container $mount.path) -}}
        {{- if hasKey $taken $place -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" (printf "container '%s' already has '%s' mounted at %s. Use another path." $container (get $taken $place) $mount.path) "path" (printf "%s.advancedMounts.workspace.%s" $path $container)) -}}
        {{- end -}}
        {{- $_ := set $taken $place $id -}}
        {{- $files := list -}}
        {{- range $item.items }}{{ $files = append $files (printf "%s/" .path) }}{{ end -}}
        {{- if and $files $mount.subPath -}}
          {{- $found := false -}}
          {{- range $files }}{{ if hasPrefix (printf "%s/" $mount.subPath) . }}{{ $found = true }}{{ end }}{{ end -}}
          {{- if not $found -}}
            {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" (printf "no item puts a file at subPath '%s'. Use one of: %s." $mount.subPath ($files | join ", " | replace "/," "," | trimSuffix "/")) "path" (printf "%s.advancedMounts.workspace.%s" $path $container)) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- if and (not $count) (not (hasKey $item "globalMounts")) -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" (printf "it is mounted nowhere. Write advancedMounts: {workspace: {app: [{path: /%s}]}}, or enabled: false." $id) "path" (printf "%s.advancedMounts" $path)) -}}
    {{- end -}}
    {{- if and (eq ($item.type | default "persistentVolumeClaim") "persistentVolumeClaim") (not $item.existingClaim) (not (and $item.accessMode $item.size)) -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" $id "problem" "it has neither existingClaim nor accessMode and size. Give one or the other." "path" $path) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $config := .Values.persistence.config -}}
{{- $homes := dict -}}
{{- range $container := list "app" "init-workspace" -}}
  {{- $places := list -}}
  {{- range dig "advancedMounts" "workspace" $container list $config -}}
    {{- $places = append $places (toJson (list .path .subPath)) -}}
    {{- if .readOnly -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" "config" "problem" (printf "container '%s' cannot write to it. Take readOnly out: it is the home directory." $container) "path" (printf "persistence.config.advancedMounts.workspace.%s" $container)) -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $homes $container (sortAlpha $places) -}}
  {{- if not (dig "advancedMounts" "workspace" $container list $config) -}}
    {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" "config" "problem" (printf "container '%s' does not mount it. Bootstrap and OpenCode share the one volume: mount it in both." $container) "path" (printf "persistence.config.advancedMounts.workspace.%s" $container)) -}}
  {{- end -}}
{{- end -}}
{{- if and $homes.app (index $homes "init-workspace") (ne (toJson $homes.app) (toJson (index $homes "init-workspace"))) -}}
  {{- include "opencode-workspace.mistake" (dict "kind" "Persistence" "id" "config" "problem" "app and init-workspace mount it at different places, so that OpenCode would start in an empty home. Give both the same path and subPath." "path" "persistence.config.advancedMounts.workspace") -}}
{{- end -}}
{{- end -}}

{{/* Not empty when Kubernetes takes a text, of the letters that the schema allows, as the name of a port. Argument: string. */}}
{{- define "opencode-workspace.validate.isPortName" -}}
{{- if and (regexMatch "[a-z]" .) (not (contains "--" .)) }}yes{{ end -}}
{{- end -}}

{{- define "opencode-workspace.validate.services" -}}
{{- $containerPorts := list -}}
{{- range $group := list "initContainers" "containers" -}}
  {{- range $id, $container := include "opencode-workspace.enabled" (get $.Values.controllers.workspace $group) | fromJson -}}
    {{- range $container.ports }}{{ $containerPorts = append $containerPorts (printf "%v/%s" .name (.protocol | default "TCP")) }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- range $id, $service := .Values.service -}}
  {{- if dig "enabled" true $service -}}
    {{- $numbers := list -}}
    {{- range $name, $port := $service.ports -}}
      {{- if dig "enabled" true $port -}}
        {{- $path := printf "service.%s.ports.%s" $id $name -}}
        {{- $protocol := has $port.protocol (list "UDP" "SCTP") | ternary $port.protocol "TCP" -}}
        {{- $number := printf "%d/%s" (int64 $port.port) $protocol -}}
        {{- if has $number $numbers -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Service" "id" $id "problem" (printf "port %s is there twice. Change one." $number) "path" (printf "%s.port" $path)) -}}
        {{- end -}}
        {{- $numbers = append $numbers $number -}}
        {{- if not (include "opencode-workspace.validate.isPortName" $name) -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Service" "id" $id "problem" (printf "'%s' is no name of a port: it needs a letter, and never two dashes in a row." $name) "path" $path) -}}
        {{- end -}}
        {{- if and (kindIs "string" $port.targetPort) (not (has (printf "%s/%s" $port.targetPort $protocol) $containerPorts)) -}}
          {{- include "opencode-workspace.mistake" (dict "kind" "Service" "id" $id "problem" (printf "no container declares a %s port named '%s'. Use a number, or add the name to containers.app.ports." $protocol $port.targetPort) "path" (printf "%s.targetPort" $path)) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- $name := include "opencode-workspace.nameOf" (dict "root" $ "items" $.Values.service "id" $id) -}}
    {{- if gt (len $name) 63 -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Service" "id" $id "problem" (printf "its name '%s' is longer than 63 characters. Shorten the identifier or the release's name." $name) "path" (printf "service.%s" $id)) -}}
    {{- end -}}
    {{- if not $numbers -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "Service" "id" $id "problem" "it has no port that is enabled." "path" (printf "service.%s.ports" $id)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.routes" -}}
{{- $services := include "opencode-workspace.enabled" .Values.service | fromJson -}}
{{- range $id, $route := .Values.route -}}
  {{- if dig "enabled" true $route -}}
    {{- range $field := list "parentRefs" "hostnames" -}}
      {{- if not (get $route $field) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" (printf "it has no %s. %s" $field (eq $field "parentRefs" | ternary "Name the Gateway, such as {name: envoy-internal, namespace: network, sectionName: https}." "Name the host, such as flux.opencode.example.com.")) "path" (printf "route.%s.%s" $id $field)) -}}
      {{- end -}}
    {{- end -}}
    {{- range $index, $host := $route.hostnames -}}
      {{- $name := include "opencode-workspace.tpl" (dict "root" $ "value" $host) -}}
      {{- if or (gt (len $name) 253) (not (regexMatch "^(\\*\\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$" $name)) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" (printf "'%s' is not a host name. Write lower-case labels with dots, without scheme, port or path." $name) "path" (printf "route.%s.hostnames[%d]" $id $index)) -}}
      {{- end -}}
    {{- end -}}
    {{- range $index, $rule := $route.rules -}}
      {{- $path := printf "route.%s.rules[%d].backendRefs" $id $index -}}
      {{- $backends := include "opencode-workspace.backends" (dict "root" $ "rule" $rule) | fromJsonArray -}}
      {{- if and (not $backends) (not (include "opencode-workspace.redirects" $rule)) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" (printf "a rule has no backend, and there are several services. Use one of: %s." (keys $services | sortAlpha | join ", ")) "path" $path) -}}
      {{- else if and $backends (include "opencode-workspace.redirects" $rule) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" "a rule that redirects has backends, which can never be reached. Take them out." "path" $path) -}}
      {{- end -}}
      {{- range $backend := $backends -}}
        {{- if hasKey $backend "identifier" -}}
          {{- if not (hasKey $services $backend.identifier) -}}
            {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" (printf "no service '%s'. %s" $backend.identifier (empty $services | ternary "None is enabled." (printf "Use one of: %s." (keys $services | sortAlpha | join ", ")))) "path" $path) -}}
          {{- else -}}
            {{- $service := get $services $backend.identifier -}}
            {{- if not (include "opencode-workspace.servicePort" (dict "service" $service "port" $backend.port)) -}}
              {{- include "opencode-workspace.mistake" (dict "kind" "Route" "id" $id "problem" (printf "service '%s' has no port %v. Use one of: %s." $backend.identifier $backend.port (keys (include "opencode-workspace.enabled" $service.ports | fromJson) | sortAlpha | join ", ")) "path" $path) -}}
            {{- end -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.networkpolicies" -}}
{{- range $id, $policy := .Values.networkpolicies -}}
  {{- if dig "enabled" true $policy -}}
    {{- range $direction := list "ingress" "egress" -}}
      {{- if and (hasKey ($policy.rules | default dict) $direction) (not (has (title $direction) $policy.policyTypes)) -}}
        {{- include "opencode-workspace.mistake" (dict "kind" "NetworkPolicy" "id" $id "problem" (printf "its %s rules have no effect. Add %s to networkpolicies.%s.policyTypes." $direction (title $direction) $id) "path" (printf "networkpolicies.%s.rules.%s" $id $direction)) -}}
      {{- end -}}
    {{- end -}}
    {{- if not $policy.policyTypes -}}
      {{- include "opencode-workspace.mistake" (dict "kind" "NetworkPolicy" "id" $id "problem" "it closes no direction. Give policyTypes Ingress, Egress or both." "path" (printf "networkpolicies.%s.policyTypes" $id)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "opencode-workspace.validate.global" -}}
{{- range $field := list "nameOverride" "fullnameOverride" -}}
  {{- if get ($.Values.global | default dict) $field -}}
    {{- include "opencode-workspace.mistake" (dict "kind" "Global" "problem" (printf "%s has no effect: every name follows the release. Set the HelmRelease's releaseName." $field) "path" (printf "global.%s" $field)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
