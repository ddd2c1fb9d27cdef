namespace Wharf.Storage;

/// <summary>An upload cannot be continued by this writer or at all; the client must start again or ask where it stands.</summary>
public sealed class UploadLostException : StorageException
{
    public UploadLostException()
    {
    }

    public UploadLostException(string message) : base(message)
    {
    }

    public UploadLostException(string message, Exception? inner) : base(message, inner)
    {
    }
}
