using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Wharf.Server.Hosting;

namespace Wharf.Server.Auth;

/// <summary>
/// The keys outside the database: what it keeps secret is sealed with them, so that a dump of it opens nothing. One key is current;
/// older ones stay to open what they sealed, until it was sealed again and they are retired. Each purpose has its own key (HKDF,
/// RFC 5869), so that a value sealed for one use cannot be passed off as another.
/// <para>They are in a file (mode 0600, made at the first start, shared by replicas), or in WHARF_KEYS as
/// <c>id:base64[,id:base64...]</c>, the current one first: an id is 16 hex digits, a key 32 bytes.</para>
/// </summary>
internal sealed class KeyRing(KeysOptions options, DataDirectory data, TimeProvider time)
{
    private const int KeyLength = 32, IdLength = 8, NonceLength = 12, TagLength = 16;
    private const int HeaderLength = 1 + IdLength;
    /// <summary>By how many bytes a sealed value is longer than what it holds.</summary>
    public const int Overhead = HeaderLength + NonceLength + TagLength;

    private const byte SealVersion = 1;
    private const int MaxFile = 1 << 20;

    private readonly Lock _change = new();
    private Keys? _keys;
    private DateTime _fileTime;
    private long _lookedAt;

    private string FilePath => options.File ?? data.File("keys.json");

    private string Folder => Path.GetDirectoryName(Path.GetFullPath(FilePath))!;

    /// <summary>The id of the key that seals now.</summary>
    public string CurrentId => Load().Current;

    /// <summary>The file that has them; null when they are in the environment.</summary>
    public string? File => FromEnvironment is null ? FilePath : null;

    /// <summary>All ids, the current one first.</summary>
    public IReadOnlyList<string> Ids => Load() is var keys ? [keys.Current, .. keys.All.Keys.Where(id => id != keys.Current).Order(StringComparer.Ordinal)] : [];

    /// <summary>Encrypts and authenticates: version, key id, nonce, tag, ciphertext (AES-256-GCM; the header and the purpose are associated data).</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var keys = Load();
        var result = new byte[HeaderLength + NonceLength + TagLength + plain.Length];
        result[0] = SealVersion;
        Convert.FromHexString(keys.Current, result.AsSpan(1, IdLength), out _, out _);
        var nonce = result.AsSpan(HeaderLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(keys.For(keys.Current, purpose)!, TagLength);
        aes.Encrypt(nonce, plain, result.AsSpan(HeaderLength + NonceLength + TagLength), result.AsSpan(HeaderLength + NonceLength, TagLength), AssociatedData(result, purpose));
        return result;
    }

    /// <summary>Opens what <see cref="Seal"/> made for the same purpose.</summary>
    /// <exception cref="KeyRingException">Its key is not here, or the value was changed or sealed for something else.</exception>
    public byte[] Unseal(string purpose, ReadOnlySpan<byte> @sealed)
    {
        if (@sealed.Length < HeaderLength + NonceLength + TagLength || @sealed[0] != SealVersion) throw new KeyRingException("A sealed value is not whole.");
        var id = SealedWith(@sealed);
        var key = Load().For(id, purpose) ?? Reload()?.For(id, purpose)
            ?? throw new KeyRingException($"A value of the database is sealed with the key {id}, and {Place} does not have it. Was that file lost or replaced? Put the old one back.");
        var plain = new byte[@sealed.Length - HeaderLength - NonceLength - TagLength];
        try
        {
            using var aes = new AesGcm(key, TagLength);
            aes.Decrypt(@sealed.Slice(HeaderLength, NonceLength), @sealed[(HeaderLength + NonceLength + TagLength)..], @sealed.Slice(HeaderLength + NonceLength, TagLength), plain, AssociatedData(@sealed, purpose));
            return plain;
        }
        catch (AuthenticationTagMismatchException fault)
        {
            throw new KeyRingException($"A sealed value does not open with its key {id}: it was changed, or was sealed for something else than {purpose}.", fault);
        }
    }

    /// <summary>The id of the key that a value was sealed with, to find what is to be sealed again.</summary>
    public static string SealedWith(ReadOnlySpan<byte> @sealed) => Convert.ToHexStringLower(@sealed.Slice(1, IdLength));

    /// <summary>HMAC-SHA256 under the current key: for secrets that are looked up and never read back.</summary>
    public byte[] Mac(string purpose, ReadOnlySpan<byte> value)
    {
        var keys = Load();
        return HMACSHA256.HashData(keys.For(keys.Current, purpose)!, value);
    }

    /// <summary>Whether <paramref name="mac"/> was made of <paramref name="value"/> by any key of the ring, in constant time for each.</summary>
    public bool Verify(string purpose, ReadOnlySpan<byte> value, ReadOnlySpan<byte> mac) =>
        Verifies(Load(), purpose, value, mac) || (Reload() is { } newer && Verifies(newer, purpose, value, mac));

    /// <summary>Makes a new current key; the others stay. Durable when it returns.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="KeyRingException">The keys are in the environment: add it there.</exception>
    public string AddKey()
    {
        _ = Load();
        lock (_change)
        {
            using var alone = LockFolder();
            var keys = Fresh();
            var (id, key) = NewKey();
            Save(new Keys(id, new Dictionary<string, byte[]>(keys.All) { [id] = key }));
            return id;
        }
    }

    /// <summary>Forgets an old key: what is still sealed with it can never be opened again.</summary>
    /// <exception cref="KeyRingException">It is the current one, or the keys are in the environment.</exception>
    public void Retire(string id)
    {
        lock (_change)
        {
            using var alone = LockFolder();
            var keys = Fresh();
            if (id == keys.Current) throw new KeyRingException($"The key {id} is the current one.");
            Save(new Keys(keys.Current, keys.All.Where(k => k.Key != id).ToDictionary()));
        }
    }

    private static string? FromEnvironment => Environment.GetEnvironmentVariable("WHARF_KEYS");

    private string Place => FromEnvironment is null ? FilePath : "WHARF_KEYS";

    private static bool Verifies(Keys keys, string purpose, ReadOnlySpan<byte> value, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var found = false;
        foreach (var id in keys.All.Keys)
        {
            HMACSHA256.HashData(keys.For(id, purpose)!, value, expected);
            found |= CryptographicOperations.FixedTimeEquals(expected, mac);
        }

        return found;
    }

    private static byte[] AssociatedData(ReadOnlySpan<byte> header, string purpose) => [.. header[..HeaderLength], .. Encoding.UTF8.GetBytes(purpose)];

    private static (string Id, byte[] Key) NewKey() =>
        (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength)), RandomNumberGenerator.GetBytes(KeyLength));

    private Keys Load()
    {
        if (Volatile.Read(ref _keys) is { } loaded) return loaded;
        lock (_change) return _keys ??= FromEnvironment is { } text ? Parse(text) : ReadFile() ?? Create();
    }

    // Another replica may have added a key to the shared file: looked at once a second at most, since a wrong secret leads here.
    private Keys? Reload()
    {
        lock (_change)
        {
            if (FromEnvironment is not null || (_lookedAt != 0 && time.GetElapsedTime(_lookedAt) < TimeSpan.FromSeconds(1))) return null;
            _lookedAt = time.GetTimestamp();
            return System.IO.File.GetLastWriteTimeUtc(FilePath) == _fileTime ? null : _keys = ReadFile() ?? _keys;
        }
    }

    private Keys Fresh()
    {
        if (FromEnvironment is not null) throw new KeyRingException("The keys are in WHARF_KEYS: change them there, the new one first, and start again.");
        return ReadFile() ?? throw new KeyRingException($"The key file {FilePath} is gone. Put it back.");
    }

    private Keys Create()
    {
        // Replicas that start at once must not each make one: what the loser sealed could never be opened.
        using var alone = LockFolder();
        if (ReadFile() is { } first) return first;
        var (id, key) = NewKey();
        var keys = new Keys(id, new Dictionary<string, byte[]> { [id] = key });
        Save(keys);
        return keys;
    }

    private Keys? ReadFile()
    {
        try
        {
            var file = new FileInfo(FilePath);
            if (!file.Exists) return null;
            if (file.Length > MaxFile) throw new KeyRingException($"The key file {FilePath} is too long to be one.");
            _fileTime = file.LastWriteTimeUtc;
            using var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(FilePath));
            var all = json.RootElement.GetProperty("keys").EnumerateObject().ToDictionary(k => k.Name, k => k.Value.GetBytesFromBase64());
            return Checked(json.RootElement.GetProperty("current").GetString(), all);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException)
        {
            throw new KeyRingException($"The key file {FilePath} cannot be read: {fault.Message}", fault);
        }
    }

    private Keys Parse(string text)
    {
        try
        {
            var pairs = text.Split(',', StringSplitOptions.TrimEntries).Select(pair => pair.Split(':', 2)).ToArray();
            return Checked(pairs[0][0], pairs.ToDictionary(p => p[0], p => Convert.FromBase64String(p.Length > 1 ? p[1] : "")));
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            throw new KeyRingException("WHARF_KEYS is not id:base64[,id:base64...].", fault);
        }
    }

    private Keys Checked(string? current, Dictionary<string, byte[]> all)
    {
        var bad = current is null || !all.ContainsKey(current)
            || all.Any(k => k.Key.Length != 2 * IdLength || !k.Key.All(char.IsAsciiHexDigitLower) || k.Value.Length != KeyLength);
        return bad ? throw new KeyRingException($"{Place} has no valid keys: ids are 16 hex digits, keys 32 bytes, and the current one is among them.") : new Keys(current!, all);
    }

    private SafeFileHandle LockFolder()
    {
        try
        {
            return Libc.LockDirectory(Folder);
        }
        catch (IOException fault)
        {
            throw new KeyRingException($"The key file {FilePath} cannot be written: {fault.Message}", fault);
        }
    }

    private void Save(Keys keys)
    {
        var temporary = $"{FilePath}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var file = new FileStream(temporary, options))
            {
                using (var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true }))
                {
                    json.WriteStartObject();
                    json.WriteString("current", keys.Current);
                    json.WriteStartObject("keys");
                    foreach (var (id, key) in keys.All) json.WriteBase64String(id, key);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }

                file.Flush(flushToDisk: true);
            }

            // A value must never be sealed with a key that a power cut can take away: file, rename, directory.
            System.IO.File.Move(temporary, FilePath, overwrite: true);
            Libc.SyncDirectory(Folder);
            _fileTime = System.IO.File.GetLastWriteTimeUtc(FilePath);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new KeyRingException($"The key file {FilePath} cannot be written: {fault.Message}", fault);
        }

        Volatile.Write(ref _keys, keys);
    }

    private sealed class Keys(string current, Dictionary<string, byte[]> all)
    {
        private readonly ConcurrentDictionary<(string Id, string Purpose), byte[]> _derived = new();

        public string Current => current;

        public IReadOnlyDictionary<string, byte[]> All => all;

        public byte[]? For(string id, string purpose) => !all.TryGetValue(id, out var key) ? null
            : _derived.GetOrAdd((id, purpose), _ => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyLength, salt: [], info: Encoding.UTF8.GetBytes("wharf " + purpose)));
    }
}
