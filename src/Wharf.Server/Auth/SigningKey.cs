using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.Auth;

/// <summary>One ES256 key. Its tokens all begin with <see cref="Header"/>, to the byte.</summary>
internal sealed class SigningKey : IDisposable
{
    // ECDsa instances are not documented as safe for concurrent use.
    private readonly Lock _use = new();
    private readonly ECDsa _pair;

    private SigningKey(string id, ECDsa pair, long? retiredMs)
    {
        Id = id;
        _pair = pair;
        RetiredMs = retiredMs;
        Header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"ES256","kid":"{{id}}","typ":"{{RegistryTokens.Type}}"}"""));
    }

    public string Id { get; }

    public string Header { get; }

    public long? RetiredMs { get; }

    public static SigningKey Import(string id, byte[] pkcs8, long? retiredMs)
    {
        var pair = ECDsa.Create();
        pair.ImportPkcs8PrivateKey(pkcs8, out _);
        return new SigningKey(id, pair, retiredMs);
    }

    public SigningKey With(long? retiredMs) => retiredMs == RetiredMs ? this : new SigningKey(Id, _pair, retiredMs);

    /// <summary>The signature of RFC 7518 3.4: R and S, 32 bytes each.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_use)
            return _pair.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        lock (_use)
            return _pair.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public void Dispose() => _pair.Dispose();
}
