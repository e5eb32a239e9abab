// A receiver in Go: go run receiver.go
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(receive)))
}

func receive(w http.ResponseWriter, r *http.Request) {
	var question struct{ Email string }
	if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
		http.Error(w, "that is no JSON", http.StatusBadRequest)
		return
	}
	if strings.HasSuffix(question.Email, "@example.org") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]any{
		"instance_ptr": "#/traits/email",
		"messages": []any{map[string]any{
			"id": 1000001, "type": "error", "text": "Only people of example.org may join.",
		}},
	}}})
}
