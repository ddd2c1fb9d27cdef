using System.Buffers.Text;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Wharf.Oci;

/// <summary>
/// Reads one manifest, in one pass over its bytes, and says what is wrong with the first thing that is.
/// Clients read manifests with parsers that differ: Go's takes the last of two equal keys and ignores case. What they could read differently is refused.
/// </summary>
internal ref struct ManifestReader
{
    private const int End = -1;
    private const int LongestQuote = 100;
    private const string DigestForm = "expected sha256: and 64, or sha512: and 128 lower-case hex digits";

    private static readonly string[] RootFields = ["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations", "fsLayers"];
    private static readonly string[] DescriptorFields = ["mediaType", "digest", "size", "artifactType", "data", "urls", "annotations", "platform"];
    private static readonly string[] PlatformFields = ["os", "architecture", "variant"];

    private readonly ReadOnlyMemory<byte> _bytes;
    private Utf8JsonReader _json;
    private string? _where;
    private int _index;
    private int _descriptors;

    public ManifestReader(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        _json = new Utf8JsonReader(bytes.Span, new JsonReaderOptions { MaxDepth = Manifest.MaxDepth });
    }

    public ManifestProblem Kind { get; private set; }

    public string? Problem { get; private set; }

    private readonly bool Failed => Problem is not null;

    public Manifest? Read(string? contentType)
    {
        var announced = contentType?.Split(';', 2)[0].Trim().ToLowerInvariant();
        if (announced is "") announced = null;
        if (announced is not null && !CheckType(announced, "Content-Type")) return null;
        if (_bytes.Span is [0xEF, 0xBB, 0xBF, ..]) return Fail<Manifest>("a manifest starts with {, not with a byte order mark");
        if (!Utf8.IsValid(_bytes.Span)) return Fail<Manifest>("a manifest is JSON in UTF-8, and these bytes are not UTF-8");
        try
        {
            return ReadRoot(announced);
        }
        catch (JsonException e)
        {
            return Fail<Manifest>($"not valid JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that a string cannot be unescaped.
            return Fail<Manifest>("not valid JSON: a string holds half of a surrogate pair");
        }
    }

    private Manifest? ReadRoot(string? announced)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject) return Fail<Manifest>("a manifest is a JSON object");

        long? schemaVersion = null;
        string? mediaType = null, artifactType = null;
        Descriptor? config = null, subject = null;
        List<Descriptor>? layers = null, children = null;
        Dictionary<string, string>? annotations = null;
        var schema1 = false;
        var seen = 0u;
        for (int field; (field = NextField(RootFields, ref seen)) != End;)
        {
            switch (RootFields[field])
            {
                case "schemaVersion": schemaVersion = ReadNumber("schemaVersion"); break;
                case "mediaType": mediaType = ReadText("mediaType"); break;
                case "artifactType": artifactType = ReadMediaType("artifactType"); break;
                case "config": config = ReadNamedDescriptor("config"); break;
                case "subject": subject = ReadNamedDescriptor("subject"); break;
                case "layers": layers = ReadDescriptors("layers"); break;
                case "manifests": children = ReadDescriptors("manifests"); break;
                case "annotations": annotations = ReadAnnotations(); break;
                default: schema1 = true; _json.Skip(); break;
            }
            if (Failed) return null;
        }
        if (Failed) return null;
        _json.Read(); // throws unless only white space follows

        if (schemaVersion == 1) return Refuse<Manifest>(ManifestProblem.Schema1, Schema1Advice);
        if (schemaVersion is null) return Fail<Manifest>("schemaVersion is missing; expected 2");
        if (schemaVersion != 2) return Fail<Manifest>(string.Create(CultureInfo.InvariantCulture, $"schemaVersion is {schemaVersion}; expected 2"));
        if (schema1) return Fail<Manifest>("fsLayers belongs to schema 1, and schemaVersion is 2");
        if (mediaType is null && announced is null) return Fail<Manifest>("neither mediaType nor a Content-Type header says what manifest this is");
        if (mediaType is null && announced is MediaTypes.DockerManifest or MediaTypes.DockerManifestList) return Fail<Manifest>($"mediaType is missing; expected {Quote(announced)}");
        if (mediaType is not null && announced is not null && mediaType != announced) return Fail<Manifest>($"mediaType is {Quote(mediaType)} and Content-Type is {Quote(announced)}; they must be the same");
        if (announced is null && !CheckType(mediaType!, "mediaType")) return null;
        mediaType ??= announced!;

        // One document that is an image to one reader and an index to another: CVE-2021-41190.
        if (MediaTypes.IsIndex(mediaType))
        {
            if (layers is not null || config is not null) return Fail<Manifest>("an index has manifests, and neither config nor layers");
            if (children is null && !Saw(seen, "manifests")) return Fail<Manifest>("manifests is missing; an index needs it, empty or not");
        }
        else
        {
            if (children is not null) return Fail<Manifest>("an image manifest has config and layers, and no manifests");
            if (config is null) return Fail<Manifest>($"config is missing; an image manifest needs it (an artifact without one uses {MediaTypes.OciEmpty})");
            if (layers is null && !Saw(seen, "layers")) return Fail<Manifest>("layers is missing; an image manifest needs it, empty or not");
        }

        return new Manifest
        {
            Bytes = _bytes,
            MediaType = mediaType,
            ArtifactType = !string.IsNullOrEmpty(artifactType) ? artifactType : config?.MediaType,
            Subject = subject,
            Config = config,
            Layers = layers ?? [],
            Children = children ?? [],
            Annotations = annotations is null ? ReadOnlyDictionary<string, string>.Empty : annotations,
        };
    }

    private List<Descriptor>? ReadDescriptors(string name)
    {
        if (_json.TokenType != JsonTokenType.StartArray) return Fail<List<Descriptor>>($"{name} must be an array");
        var all = new List<Descriptor>();
        (_where, _index) = (name, 0);
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (++_descriptors > Manifest.MaxDescriptors) return Fail<List<Descriptor>>(string.Create(CultureInfo.InvariantCulture, $"a manifest may have at most {Manifest.MaxDescriptors} descriptors"));
            if (ReadDescriptor() is not { } descriptor) return null;
            all.Add(descriptor);
            _index++;
        }
        _where = null;
        return all;
    }

    private Descriptor? ReadNamedDescriptor(string name)
    {
        (_where, _index) = (name, End);
        var descriptor = ReadDescriptor();
        _where = null;
        return descriptor;
    }

    private Descriptor? ReadDescriptor()
    {
        if (_json.TokenType != JsonTokenType.StartObject) return Fail<Descriptor>("a descriptor must be an object");

        string? mediaType = null, digestText = null, artifactType = null, data = null, platform = null;
        long? size = null;
        var hasUrls = false;
        var seen = 0u;
        for (int field; (field = NextField(DescriptorFields, ref seen)) != End;)
        {
            switch (DescriptorFields[field])
            {
                case "mediaType": mediaType = ReadMediaType("mediaType"); break;
                case "digest": digestText = ReadText("digest"); break;
                case "size": size = ReadNumber("size"); break;
                case "artifactType": artifactType = ReadMediaType("artifactType"); break;
                case "data": data = ReadText("data"); break;
                case "urls": hasUrls = ReadUrls(); break;
                case "annotations": ReadAnnotations(); break;
                default: platform = ReadPlatform(); break;
            }
            if (Failed) return null;
        }
        if (Failed) return null;

        if (string.IsNullOrEmpty(mediaType)) return Fail<Descriptor>("mediaType is missing");
        if (digestText is null) return Fail<Descriptor>($"digest is missing; {DigestForm}");
        if (!Digest.TryParse(digestText, out var digest)) return Fail<Descriptor>($"digest {Quote(digestText)} is none; {DigestForm}");
        if (size is null) return Fail<Descriptor>("size is missing; expected the length of the content in bytes");
        if (size < 0) return Fail<Descriptor>(string.Create(CultureInfo.InvariantCulture, $"size is {size}; expected the length of the content in bytes"));
        if (data is not null && !CheckData(data, digest, size.Value)) return null;
        return new Descriptor(mediaType, digest, size.Value, artifactType is "" ? null : artifactType, platform, hasUrls);
    }

    private bool CheckData(string data, Digest digest, long size)
    {
        var content = new byte[Base64.GetMaxDecodedFromUtf8Length(data.Length)];
        if (!Convert.TryFromBase64String(data, content, out var length)) return FailWith("data must be base64");
        if (length != size) return FailWith(string.Create(CultureInfo.InvariantCulture, $"data holds {length} bytes and size is {size}; they must be the same"));
        return Digest.Of(content.AsSpan(0, length), digest.Algorithm) == digest || FailWith("data is other content than digest says");
    }

    private bool ReadUrls()
    {
        if (_json.TokenType != JsonTokenType.StartArray) return FailWith("urls must be an array of strings");
        var any = false;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.String) return FailWith("urls must be an array of strings");
            any = true;
        }
        return any;
    }

    private Dictionary<string, string>? ReadAnnotations()
    {
        const string Shape = "annotations must be an object of strings";
        if (_json.TokenType != JsonTokenType.StartObject) return Fail<Dictionary<string, string>>(Shape);
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var key = _json.GetString()!;
            _json.Read();
            if (_json.TokenType != JsonTokenType.String) return Fail<Dictionary<string, string>>($"{Shape}, and {Quote(key)} is none");
            if (!all.TryAdd(key, _json.GetString()!)) return Fail<Dictionary<string, string>>($"annotations has the key {Quote(key)} twice");
        }
        return all;
    }

    private string? ReadPlatform()
    {
        if (_json.TokenType != JsonTokenType.StartObject) return Fail<string>("platform must be an object");
        string? os = null, architecture = null, variant = null;
        var seen = 0u;
        for (int field; (field = NextField(PlatformFields, ref seen)) != End;)
        {
            switch (PlatformFields[field])
            {
                case "os": os = ReadText("platform.os"); break;
                case "architecture": architecture = ReadText("platform.architecture"); break;
                default: variant = ReadText("platform.variant"); break;
            }
            if (Failed) return null;
        }
        var parts = new[] { os, architecture, variant }.Where(static part => !string.IsNullOrEmpty(part));
        return Failed || !parts.Any() ? null : string.Join('/', parts);
    }

    private string? ReadMediaType(string name)
    {
        var text = ReadText(name);
        if (text is { Length: > Descriptor.MaxMediaTypeLength }) return Fail<string>($"{name} has more than 255 characters");
        // No media type has them (RFC 6838, 4.2), and PostgreSQL cannot hold a NUL in text.
        return text is not null && text.Any(char.IsControl) ? Fail<string>($"{name} has control characters") : text;
    }

    private string? ReadText(string name) =>
        _json.TokenType == JsonTokenType.String ? _json.GetString() : Fail<string>($"{name} must be a string");

    private long? ReadNumber(string name)
    {
        if (_json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var number)) return number;
        FailWith($"{name} must be a whole number, at most 9223372036854775807");
        return null;
    }

    /// <summary>
    /// Moves to the value of the next known field that is not null and answers which it is; End at the end of the object or on a failure.
    /// Null is absent, as Go writes what it has not.
    /// </summary>
    private int NextField(string[] known, ref uint seen)
    {
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = FindField(known);
            if (Failed) return End;
            if (field == End)
            {
                _json.Skip();
                continue;
            }
            if ((seen & (1u << field)) != 0)
            {
                FailWith($"the key {known[field]} is there twice");
                return End;
            }
            seen |= 1u << field;
            _json.Read();
            if (_json.TokenType != JsonTokenType.Null) return field;
        }
        return End;
    }

    private int FindField(string[] known)
    {
        for (var i = 0; i < known.Length; i++)
        {
            if (_json.ValueTextEquals(known[i])) return i;
        }

        Span<char> name = stackalloc char[6 * 16];
        if (_json.ValueSpan.Length > name.Length) return End;
        name = name[.._json.CopyString(name)];
        foreach (var field in known)
        {
            if (EqualsIgnoringCase(name, field)) FailWith($"the key {Quote(name.ToString())} is {field} to some clients and unknown to others; write {field}");
        }
        return End;
    }

    // As Go's encoding/json folds: two letters outside ASCII fold to s and k.
    private static bool EqualsIgnoringCase(ReadOnlySpan<char> name, string field)
    {
        if (name.Length != field.Length) return false;
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i] switch { '\u017F' => 's', '\u212A' => 'k', var other => char.ToLowerInvariant(other) };
            if (c != char.ToLowerInvariant(field[i])) return false;
        }
        return true;
    }

    private static bool Saw(uint seen, string field) => (seen & (1u << Array.IndexOf(RootFields, field))) != 0;

    private const string Schema1Advice = "image manifests of schema 1 are not taken; push with a client that writes OCI or Docker schema 2 manifests (Docker 1.10 and later do)";

    private bool CheckType(string type, string where)
    {
        if (MediaTypes.IsSchema1(type)) Refuse<Manifest>(ManifestProblem.Schema1, Schema1Advice);
        else if (!MediaTypes.IsManifest(type)) Refuse<Manifest>(ManifestProblem.Unsupported, $"{where} {Quote(type)} is no manifest type; expected {MediaTypes.OciManifest}, {MediaTypes.OciIndex}, {MediaTypes.DockerManifest} or {MediaTypes.DockerManifestList}");
        return !Failed;
    }

    private T? Fail<T>(string problem) where T : class
    {
        FailWith(problem);
        return null;
    }

    private bool FailWith(string problem)
    {
        var where = _where is null ? "" : _index == End ? $"{_where}: " : string.Create(CultureInfo.InvariantCulture, $"{_where}[{_index}]: ");
        Refuse<Manifest>(ManifestProblem.Invalid, where + problem);
        return false;
    }

    private T? Refuse<T>(ManifestProblem kind, string problem) where T : class
    {
        // The first problem is the one to tell.
        Problem ??= problem;
        if (Kind == ManifestProblem.None) Kind = kind;
        return null;
    }

    // What a stranger wrote, fit for a log line.
    private static string Quote(string text)
    {
        var shown = text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
        return $"\"{string.Concat(shown.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))}\"";
    }
}
