package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"k8s.io/apimachinery/pkg/util/json"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// get reads from the API server, within what one request may read.
func (l *requestLookup) get(path apiPath) (any, error) {
	if watch, err := strconv.ParseBool(path.query.Get("watch")); watch || err != nil && path.query.Has("watch") || path.resource == "watch" {
		return nil, fmt.Errorf("apiCall %s: a watch never ends; read a list", path.encode())
	}
	uri := path.encode()
	return l.memo.once("GET "+uri, func() (any, int64, error) {
		left := min(l.config.MaxAnswer, maxAnswersTotal*l.config.MaxAnswer-l.memo.bytes)
		if left <= 0 {
			return nil, 0, fmt.Errorf("GET %s: the rules have read %d bytes for this request already; select less", uri, l.memo.bytes)
		}
		ctx, cancel := context.WithTimeout(l.ctx, l.config.Timeout)
		defer cancel()
		encoded, err := l.fetch(ctx, uri, left)
		if err != nil {
			return nil, 0, fmt.Errorf("GET %s: %w", uri, err)
		}
		var value any
		if err := json.Unmarshal(encoded, &value); err != nil {
			// The decoder's words quote what was read.
			return nil, int64(len(encoded)), fmt.Errorf("GET %s: the answer is no JSON", uri)
		}
		return value, int64(len(encoded)), nil
	})
}

func (l *requestLookup) fetch(ctx context.Context, uri string, limit int64) ([]byte, error) {
	body, err := l.config.REST.Get().RequestURI(uri).SetHeader("Accept", "application/json").Stream(ctx)
	if err != nil {
		return nil, err
	}
	encoded, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	if int64(len(encoded)) > limit {
		return nil, fmt.Errorf("the answer is larger than %d bytes; select less, or raise --max-api-call-response-length", limit)
	}
	return encoded, nil
}

// object reads one object.
func (l *requestLookup) object(path apiPath) (eval.Object, error) {
	value, err := l.get(path)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s %s: the answer is no object", http.MethodGet, path.encode())
	}
	return object, nil
}

// objectPath is the path that is made of these segments. Names among them come from requests and of variables.
func objectPath(what string, segments ...string) (apiPath, error) {
	for _, segment := range segments {
		if err := checkSegment(segment); err != nil {
			return apiPath{}, fmt.Errorf("%s: %w", what, err)
		}
	}
	path := apiPath{segments: segments}
	path.resolve()
	return path, nil
}
