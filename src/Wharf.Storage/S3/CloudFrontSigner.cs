using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Storage.S3;

/// <summary>
/// Signed URLs of CloudFront with a canned policy (docs.aws.amazon.com, "Create a signed URL using a canned policy"): the policy names one address and when it ends, and is signed with
/// RSA and SHA-1, which is what CloudFront verifies.
/// </summary>
internal sealed class CloudFrontSigner(CloudFrontOptions options)
{
    private readonly Lazy<RSA> _key = new(() =>
    {
        var rsa = RSA.Create();
        rsa.ImportFromPem(File.ReadAllText(options.KeyFile));
        return rsa;
    });

    /// <param name="path">Of the object, without a slash before it.</param>
    public Uri Sign(string path, DateTimeOffset until)
    {
        var address = new Uri(options.Address, path).AbsoluteUri;
        var seconds = until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var policy = $"{{\"Statement\":[{{\"Resource\":\"{address}\",\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{seconds}}}}}}}]}}";
        byte[] signature;
        // RSA objects are not made for several threads at once.
        lock (_key) signature = Sha1Signature(_key.Value, policy);
        return new Uri($"{address}?Expires={seconds}&Signature={Encode(signature)}&Key-Pair-Id={options.KeyPairId}");
    }

#pragma warning disable CA5350 // CloudFront verifies nothing else
    private static byte[] Sha1Signature(RSA key, string policy) => key.SignData(Encoding.UTF8.GetBytes(policy), HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
#pragma warning restore CA5350

    // CloudFront's own replacement of what is no good in a query.
    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('=', '_').Replace('/', '~');
}
