using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.ServiceKeys;

/// <summary>A new RSA key of 2048 bits, as Quay makes them. The private half is handed out once and kept nowhere.</summary>
internal sealed record KeyPair(string Kid, string Jwk, string PublicPem, string PrivatePem)
{
    public static KeyPair Create()
    {
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(includePrivateParameters: false);
        var (e, n) = (Base64Url.EncodeToString(key.Exponent), Base64Url.EncodeToString(key.Modulus));
        // RFC 7638 3: the members that make the key, in the order of their names, without white space.
        var kid = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($$"""{"e":"{{e}}","kty":"RSA","n":"{{n}}"}""")));
        return new(kid, $$"""{"kty":"RSA","n":"{{n}}","e":"{{e}}","kid":"{{kid}}"}""", rsa.ExportSubjectPublicKeyInfoPem(), rsa.ExportRSAPrivateKeyPem());
    }
}
