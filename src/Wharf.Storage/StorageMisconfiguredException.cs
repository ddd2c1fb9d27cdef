namespace Wharf.Storage;

/// <summary>The place refuses what the settings say: a wrong key, a bucket that is not there, a certificate that is not trusted. Trying again does not help.</summary>
public sealed class StorageMisconfiguredException : StorageException
{
    public StorageMisconfiguredException()
    {
    }

    public StorageMisconfiguredException(string message) : base(message)
    {
    }

    public StorageMisconfiguredException(string message, Exception? inner) : base(message, inner)
    {
    }

    /// <param name="message">What was tried and what the place said.</param>
    /// <param name="advice">What to change, as a sentence.</param>
    public StorageMisconfiguredException(string message, string advice, Exception? inner) : base(message, inner) => Advice = advice;

    /// <summary>What to change.</summary>
    public string Advice { get; } = "";
}
