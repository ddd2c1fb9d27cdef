using System.Security.Cryptography;
using Wharf.Oci;
using Wharf.Storage;

namespace Wharf.Tests.Storage;

public sealed class ResumableHashTests
{
    private const int Seed = 42;

    public static TheoryData<DigestAlgorithm> Algorithms => [DigestAlgorithm.Sha256, DigestAlgorithm.Sha512];

    [Theory, MemberData(nameof(Algorithms))]
    public void This_machine_has_hashes_that_can_be_saved(DigestAlgorithm algorithm)
    {
        using var hash = new ResumableHash(algorithm);

        Assert.NotNull(hash.Save());
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void A_hash_that_was_saved_and_restored_anywhere_is_that_of_the_whole(DigestAlgorithm algorithm)
    {
        var random = new Random(Seed);
        for (var round = 0; round < 300; round++)
        {
            var content = Bytes(random, round < 280 ? random.Next(700) : random.Next(4 << 20));
            var hash = new ResumableHash(algorithm);
            for (var at = 0; at < content.Length;)
            {
                var n = Math.Min(content.Length - at, random.Next(3) == 0 ? random.Next(1 << 20) : random.Next(300));
                hash.Append(content.AsSpan(at, n));
                at += n;
                if (random.Next(2) == 0) continue;
                var saved = hash.Save();
                if (random.Next(2) == 0) hash.Append("never saved"u8);
                hash.Dispose();
                hash = ResumableHash.Restore(saved);
                Assert.NotNull(hash);
                Assert.Equal(at, hash.Length);
            }

            Assert.Equal(Expected(content, algorithm), hash.Finish());
            hash.Dispose();
        }
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Every_split_around_the_blocks_gives_the_same_digest(DigestAlgorithm algorithm)
    {
        var content = Bytes(new Random(Seed), 300);
        var expected = Expected(content, algorithm);
        for (var split = 0; split <= content.Length; split++)
        {
            using var before = new ResumableHash(algorithm);
            before.Append(content.AsSpan(0, split));
            using var after = ResumableHash.Restore(before.Save());
            after!.Append(content.AsSpan(split));

            Assert.Equal(expected, after.Finish());
        }
    }

    [Fact]
    public void The_saved_form_is_the_documented_one()
    {
        using var hash = new ResumableHash(DigestAlgorithm.Sha256);
        hash.Append("abc"u8);

        // FIPS 180-4, 5.3.3: the initial chaining words, since no block is full yet.
        Assert.Equal("01" + "00" + "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19" + "0000000000000003" + "616263", Convert.ToHexStringLower(hash.Save()!));
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void More_than_four_gibibits_are_counted(DigestAlgorithm algorithm)
    {
        // SHA256_CTX counts bits in two 32-bit words: 600 MiB crosses the first. Restoring half-way must set both.
        const int Chunk = 1 << 20;
        const int Chunks = 600;
        var chunk = Bytes(new Random(Seed), Chunk);
        using var reference = IncrementalHash.CreateHash(algorithm == DigestAlgorithm.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
        var hash = new ResumableHash(algorithm);
        for (var i = 0; i < Chunks; i++)
        {
            reference.AppendData(chunk);
            hash.Append(chunk);
            if (i % 100 != 99) continue;
            var saved = hash.Save();
            hash.Dispose();
            hash = ResumableHash.Restore(saved)!;
        }

        Assert.Equal(new Digest(reference.GetHashAndReset()), hash.Finish());
        hash.Dispose();
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Without_the_low_level_functions_it_hashes_and_cannot_be_saved(DigestAlgorithm algorithm)
    {
        var content = Bytes(new Random(Seed), 100_000);
        using var hash = new ResumableHash(algorithm, sha: null);
        hash.Append(content.AsSpan(0, 12_345));

        Assert.Null(hash.Save());
        hash.Append(content.AsSpan(12_345));

        Assert.Equal(content.Length, hash.Length);
        Assert.Equal(Expected(content, algorithm), hash.Finish());
    }

    [Fact]
    public void Bytes_that_are_no_saved_hash_are_not_restored()
    {
        using var hash = new ResumableHash(DigestAlgorithm.Sha512);
        hash.Append(new byte[100]);
        var saved = hash.Save()!;

        using var whole = ResumableHash.Restore(saved);
        Assert.NotNull(whole);
        for (var length = 0; length < saved.Length; length++) Assert.Null(ResumableHash.Restore(saved.AsSpan(0, length)));
        Assert.Null(ResumableHash.Restore([.. saved, 0]));
        Assert.Null(ResumableHash.Restore([2, .. saved[1..]]));
        Assert.Null(ResumableHash.Restore([1, 7, .. saved[2..]]));
        Assert.Null(ResumableHash.Restore([.. saved[..66], 0xFF, .. saved[67..]]));
    }

    [Fact]
    public void A_finished_hash_takes_nothing_more()
    {
        using var hash = new ResumableHash(DigestAlgorithm.Sha256);
        hash.Finish();

        Assert.Throws<ObjectDisposedException>(() => hash.Append([1]));
        Assert.Throws<ObjectDisposedException>(hash.Save);
        Assert.Throws<ObjectDisposedException>(() => hash.Finish());
    }

    private static Digest Expected(byte[] content, DigestAlgorithm algorithm) => Digest.Of(content, algorithm);

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
