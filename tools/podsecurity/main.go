// Command podsecurity decides Pod Security level restricted with the library that the API server uses.
//
// It reads a JSON array of pods, each with metadata and spec, on stdin, and prints a JSON array of
// the same length on stdout: for each pod the reasons it is refused for, empty when it is admitted.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "podsecurity:", err)
		os.Exit(2)
	}
}

func run() error {
	decoder := json.NewDecoder(os.Stdin)
	// A misspelt field would otherwise be a field that is not set, and the verdict one of another pod.
	decoder.DisallowUnknownFields()
	var pods []corev1.Pod
	if err := decoder.Decode(&pods); err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	verdicts := make([][]string, len(pods))
	for index := range pods {
		verdicts[index] = []string{}
		results := evaluator.EvaluatePod(restricted, &pods[index].ObjectMeta, &pods[index].Spec)
		for _, result := range results {
			if !result.Allowed {
				verdicts[index] = append(verdicts[index], result.ForbiddenReason+": "+result.ForbiddenDetail)
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}
