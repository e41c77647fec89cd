package install

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// corpus holds policies and exceptions as people write them. It lies beside the repository and is not part of it.
const corpus = "../../../../shared/corpus"

// Every policy and exception of the corpus must decode strictly and encode to the content that it had: what was applied is what is
// read back. Objects without a spec are expectations of the corpus' tests, which nobody applies; they must decode too.
func TestCorpusIsReadBackAsItWasApplied(t *testing.T) {
	if _, err := os.Stat(corpus); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the corpus is not at %s", corpus)
	}
	scheme := runtime.NewScheme()
	Install(scheme)
	codecs := serializer.NewCodecFactory(scheme)

	seen := 0
	err := filepath.WalkDir(corpus, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".yml") {
			return err
		}
		for _, document := range policies(t, path) {
			seen++
			checkReadBack(t, codecs, path, document)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 500 {
		t.Errorf("found %d policies in the corpus, which holds more: the search is broken", seen)
	}
}

// policies returns the policies and exceptions of a file as JSON.
func policies(t *testing.T, path string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found [][]byte
	documents := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer documents.Close()
	buffer := make([]byte, len(content)+1)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		document, err := yaml.YAMLToJSON(buffer[:n])
		if err != nil {
			continue // Not every YAML file of the corpus is a manifest.
		}
		var meta runtime.TypeMeta
		if json.Unmarshal(document, &meta) != nil || !slices.Contains([]string{"ClusterPolicy", "Policy", "PolicyException"}, meta.Kind) {
			continue
		}
		version, err := schema.ParseGroupVersion(meta.APIVersion)
		if err != nil || version.Group != kyvernov1.GroupName {
			continue
		}
		found = append(found, document)
	}
}

func checkReadBack(t *testing.T, codecs serializer.CodecFactory, path string, applied []byte) {
	t.Helper()
	info, _ := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	obj, gvk, err := codecs.DecoderToVersion(info.StrictSerializer, runtime.InternalGroupVersioner).Decode(applied, nil, nil)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	read, err := runtime.Encode(codecs.EncoderForVersion(info.Serializer, gvk.GroupVersion()), obj)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	var want, got map[string]any
	if err := errors.Join(json.Unmarshal(applied, &want), json.Unmarshal(read, &got)); err != nil {
		t.Fatal(err)
	}
	if _, isPolicy := want["spec"]; !isPolicy {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: not what was applied (-applied +read):\n%s", path, diff)
	}
}
